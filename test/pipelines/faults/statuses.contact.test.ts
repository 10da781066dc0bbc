import { expect, onTestFinished, test } from 'vitest'
import { isTransientStatus } from '../../../pipelines/network/http.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import type { WeightsSource } from '../../../recipes/weights.ts'
import { startAnswering } from '../../servers/answering.ts'

function inventory(source: WeightsSource, environment: NodeJS.ProcessEnv) {
  const signal = AbortSignal.timeout(60_000)
  return inventoryWeights(source, { recipeFolder: '.', signal, settings: readSettings(environment) })
}

test('what may pass by itself', () => {
  const all = Array.from({ length: 900 }, (_, index) => index + 100)
  const passing = all.filter(isTransientStatus)
  expect(passing.filter((status) => status < 500)).toEqual([408, 425, 429])
  for (const status of [500, 502, 503, 504, 522, 599]) expect(passing).toContain(status)
  for (const status of [501, 505, 511, 600, 999]) expect(passing).not.toContain(status)
})

// 511 is what a portal says before somebody logs in there; a number that no protocol has is no trouble that passes.
test.each([511, 999])('the status %i is asked for once', async (status) => {
  const server = await startAnswering((_, response) => {
    response.statusCode = status
    response.end()
  })
  onTestFinished(() => server.close())
  const environment = { HF_ENDPOINT: server.url }
  await expect(
    inventory({ type: 'huggingface', repo: 'acme/tiny', revision: 'main' }, environment),
  ).rejects.toMatchObject({ code: 'bad-answer', message: expect.stringContaining(String(status)) })
  expect(server.asked).toHaveLength(1)
  await expect(
    inventory({ type: 'url', url: `${server.url}/m.gguf`, sha256: '0'.repeat(64) }, environment),
  ).rejects.toThrow(String(status))
  expect(server.asked).toHaveLength(2)
})

test('a redirect in a circle is told as one', async () => {
  const server = await startAnswering((request, response) => {
    response.writeHead(301, { location: request.url ?? '/' }).end()
  })
  onTestFinished(() => server.close())
  const source = { type: 'url', url: `${server.url}/m.gguf`, sha256: '0'.repeat(64) } as const
  await expect(inventory(source, {})).rejects.toThrow(
    'the server answered 301, a redirect that leads nowhere',
  )
})
