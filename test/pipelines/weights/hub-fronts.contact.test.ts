import { request as ask, createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { openWeights } from '../../../pipelines/weights/inventory.ts'
import { type HubRepo, repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { lockSource, whole } from '../lock/contents-folder.ts'
import { contextFor } from './samples.ts'

async function hubOf(options: Partial<HubRepo> = {}): Promise<string> {
  const hub = await startHub([repoOf('acme/new', whole, options)])
  onTestFinished(() => hub.close())
  return hub.url
}

/** The address of a server in front of the Hub. */
async function frontOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  // An open TCP server has an object as its address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Hands a request on under the path that `pathOf` makes of its own, with its headers. */
function passTo(hub: string, pathOf: (path: string) => string | undefined): RequestListener {
  return (request, response) => {
    const path = pathOf(request.url ?? '/')
    if (path === undefined) return void response.writeHead(404).end()
    const { host: _, ...headers } = request.headers
    const onward = ask(`${hub}${path}`, { method: request.method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  }
}

/** The Hub answers 307 for the old name of a repository, on its API and for files. */
function renamed(hub: string): RequestListener {
  const pass = passTo(hub, (path) => path)
  return (request, response) => {
    const path = request.url ?? '/'
    if (!path.includes('acme/old')) return pass(request, response)
    response.writeHead(307, { location: path.replace('acme/old', 'acme/new') }).end()
  }
}

const source = (repo: string) => ({ type: 'huggingface', repo, revision: 'main' }) as const

/** Locks a repository and reads its configuration. */
async function lockedAndRead(repo: string, environment: Record<string, string>) {
  const { weights } = await lockSource('vllm', source(repo), environment)
  const opened = await openWeights(weights, contextFor(environment))
  const file = weights.files.find(({ path }) => path === 'config.json')
  if (file === undefined) throw new Error('there is no config.json')
  const text = (await buffer(opened.read(file, 0))).toString('utf8')
  await opened.close()
  return { paths: weights.files.map(({ path }) => path), text }
}

test('a repository that was renamed is locked and read under its old name', async () => {
  const front = await frontOf(renamed(await hubOf()))
  const { paths, text } = await lockedAndRead('acme/old', { HF_ENDPOINT: front })
  expect(paths).toEqual(Object.keys(whole).sort())
  expect(text).toBe(whole['config.json'])
})

test('a renamed repository that is gated says so', async () => {
  const front = await frontOf(renamed(await hubOf({ gated: 'manual', tokens: ['hf_x'], access: [] })))
  await expect(lockSource('vllm', source('acme/old'), { HF_ENDPOINT: front })).rejects.toMatchObject({
    code: 'gated',
  })
})

test('a mirror behind a path is asked below that path', async () => {
  const base = '/artifactory/api/huggingfaceml/hf-remote'
  const hub = await hubOf()
  const front = await frontOf(
    passTo(hub, (path) => (path.startsWith(base) ? path.slice(base.length) : undefined)),
  )
  const { paths, text } = await lockedAndRead('acme/new', { HF_ENDPOINT: `${front}${base}` })
  expect(paths).toEqual(Object.keys(whole).sort())
  expect(text).toBe(whole['config.json'])
})
