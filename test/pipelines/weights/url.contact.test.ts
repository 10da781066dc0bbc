import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { defaultRetry, delayMs, retryAfterMs } from '../../../pipelines/network/retry.ts'
import { WeightsError } from '../../../pipelines/weights/error.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { scratchStore } from '../../scratch.ts'
import { contextFor, sampleBytes, sha256 } from './samples.ts'

vi.setConfig({ testTimeout: 120_000 })

const body = sampleBytes(500_000, 'url')

/** The hub's second host is a plain web server for files. */
async function web(faults: Parameters<Awaited<ReturnType<typeof startHub>>['faults']['push']> = []) {
  const hub = await startHub([repoOf('acme/files', { 'my model.gguf': body })])
  onTestFinished(() => hub.close())
  hub.faults.push(...faults)
  return { type: 'url', url: `${hub.cdnUrl}/acme/files/my%20model.gguf`, sha256: sha256(body) } as const
}

test('a file of a web server is named after its address and packed, cuts and all', async () => {
  const source = await web([{ type: 'cut', afterBytes: 200_000, times: 2 }])
  const locked = await inventoryWeights(source, contextFor())
  expect(locked.files).toEqual([{ path: 'my model.gguf', sizeBytes: 500_000, sha256: sha256(body) }])
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/m' })
  expect(await packWeights(await scratchStore(), locked, layers, contextFor())).toHaveLength(2)
})

test('an address that is not there is named without its query', async () => {
  const { url } = await web()
  const missing = { type: 'url', url: `${url}.nope?x=private`, sha256: sha256(body) } as const
  const error = await inventoryWeights(missing, contextFor()).catch((caught) => caught)
  expect(error).toMatchObject({ code: 'not-found' })
  expect(error.message).not.toContain('private')
})

test.each([
  'https://ada:secret@example.org/f',
  'https://example.org/f?X-Amz-Signature=secret',
  'https://example.org/f?token=secret',
])('%s is refused before anything is asked, as it would end up in the lock', async (url) => {
  const error = await inventoryWeights({ type: 'url', url, sha256: sha256(body) }, contextFor()).catch(
    (caught) => caught,
  )
  expect(error).toMatchObject({ code: 'bad-token' })
  expect(error.message).not.toContain('=secret')
})

test('waits grow, and are never shorter than the server asked for', () => {
  const failure = { attempted: '', found: '', hint: '' }
  const waits = [1, 2, 3, 9].map((failures) =>
    delayMs(defaultRetry, failures, new WeightsError('network', failure)),
  )
  expect(
    waits.every(
      (ms, i) => ms >= ([500, 1000, 2000, 60_000][i] ?? 0) && ms <= ([625, 1250, 2500, 75_000][i] ?? 0),
    ),
  ).toBe(true)
  expect(delayMs(defaultRetry, 1, new WeightsError('network', failure, { retryAfterMs: 90_000 }))).toBe(
    90_000,
  )
  expect(retryAfterMs('7')).toBe(7000)
  expect(retryAfterMs(new Date(Date.now() + 5000).toUTCString())).toBeGreaterThan(3000)
  expect(retryAfterMs('soon')).toBeUndefined()
})

test('the proxy of the environment is used, and not for what NO_PROXY names', async () => {
  const asked: string[] = []
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(204).end()
  })
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  // A listening TCP server has an object as its address.
  const { port } = proxy.address() as AddressInfo
  const { fetch, close } = openConnection({ http_proxy: `http://127.0.0.1:${port}`, NO_PROXY: '127.0.0.1' })
  await fetch('http://models.invalid/file').catch(() => {})
  expect(asked.join()).toContain('models.invalid')
  const { status } = await fetch(`http://127.0.0.1:${port}/direct`)
  expect([status, asked.at(-1)]).toEqual([204, '/direct'])
  await close()
})
