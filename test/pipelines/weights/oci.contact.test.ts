import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { modelPack, weightsImage } from '../../../images/weights/artifact.ts'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { serveStore } from '../../../pipelines/registry-server/server.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { storeImage } from '../store/store-image.ts'
import { contextFor, sampleBytes, sha256 } from './samples.ts'

// Child processes and synced files take their time on a machine that does other work.
vi.setConfig({ testTimeout: 120_000 })

const context = contextFor()

/** A registry with one model, as an image and as a ModelPack. */
async function published() {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'config.json'), '{}')
  await writeFile(join(folder, 'empty'), '')
  await writeFile(join(folder, 'model.gguf'), sampleBytes(3_000_000, 'model'))
  const weights = await inventoryWeights({ type: 'folder', path: folder }, context)
  const layers = planWeightLayers(weights.files, { modelFolder: '/models/m', smallFileBytes: 1_000_000 })
  const store = await scratchStore()
  const stored = await packWeights(store, weights, layers, context)
  const packed = layers.flatMap((plan, i) => (stored[i] ? [{ plan, stored: stored[i] }] : []))
  await storeImage(store, weightsImage(packed, weights, 'linux/amd64'), 'acme/m:image')
  await storeImage(store, modelPack(packed, weights, { name: 'm', format: 'gguf' }), 'acme/m:pack')
  const registry = await serveStore(store)
  onTestFinished(() => registry.close())
  return { weights, stored, layers, host: `127.0.0.1:${registry.port}` }
}

test.each(['image', 'pack'])(
  'weights published as %s come back as the same files and the same layers',
  async (tag) => {
    const { weights, stored, layers, host } = await published()
    const reference = `${host}/acme/m:${tag}`
    const locked = await inventoryWeights({ type: 'oci', reference }, context)
    expect(locked.setDigest).toBe(weights.setDigest)
    expect(await packWeights(await scratchStore(), locked, layers, context)).toEqual(stored)
  },
)

/** A registry that wants a token, which it gives to those who log in, and holds one raw layer. */
async function guardedRegistry(user: string) {
  const blob = sampleBytes(100_000, 'raw')
  const layer = {
    mediaType: 'application/vnd.cncf.model.weight.v1.raw',
    digest: `sha256:${sha256(blob)}`,
    size: blob.length,
  }
  const manifest = JSON.stringify({
    layers: [{ ...layer, annotations: { 'org.cncf.model.filepath': 'sub/model.gguf' } }],
  })
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost')
    const { authorization } = request.headers
    if (url.pathname === '/token') {
      const form: Buffer[] = []
      request.on('data', (chunk: Buffer) => form.push(chunk))
      return request.on('end', () => {
        const refreshed = new URLSearchParams(Buffer.concat(form).toString()).get('refresh_token')
        const basic = authorization === `Basic ${Buffer.from(user).toString('base64')}`
        const isUser = request.method === 'POST' ? refreshed === user : basic
        response.writeHead(isUser ? 200 : 401).end(JSON.stringify({ token: 'granted' }))
      })
    }
    if (authorization !== 'Bearer granted') {
      const realm = `http://${request.headers.host}/token`
      return response
        .writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="test",scope="pull"` })
        .end()
    }
    if (url.pathname.includes('/manifests/')) return response.end(manifest)
    const [, start = 0, end = 0] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
    const part = blob.subarray(Number(start), Number(end) + 1)
    response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${blob.length}` }).end(part)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  // A listening TCP server has an object as its address.
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, blob }
}

function loggedIn(host: string, user: string) {
  return loginFile({ auths: { [host]: { auth: Buffer.from(user).toString('base64') } } })
}

async function loginFile(config: object) {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  return contextFor({ DOCKER_CONFIG: folder })
}

test('raw layers behind a login: the user of `docker login` is used', async () => {
  const { host } = await guardedRegistry('ada:secret')
  const session = await loggedIn(host, 'ada:secret')
  const locked = await inventoryWeights({ type: 'oci', reference: `${host}/acme/raw:v1` }, session)
  expect(locked.files.map((file) => file.path)).toEqual(['sub/model.gguf'])
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/raw' })
  expect(await packWeights(await scratchStore(), locked, layers, session)).toHaveLength(2)
})

test('an identity token, as credential helpers of clouds give it, is exchanged', async () => {
  const { host } = await guardedRegistry('refresh-me')
  const session = await loginFile({ auths: { [host]: { identitytoken: 'refresh-me' } } })
  const locked = await inventoryWeights({ type: 'oci', reference: `${host}/acme/raw:v1` }, session)
  expect(locked.files).toHaveLength(1)
})

test('without the right login the error says how to log in, and shows no password', async () => {
  const { host } = await guardedRegistry('ada:secret')
  const attempt = inventoryWeights(
    { type: 'oci', reference: `${host}/acme/raw:v1` },
    await loggedIn(host, 'ada:wrong'),
  )
  const error = await attempt.catch((caught) => caught)
  expect(error).toMatchObject({ code: 'unauthorized' })
  expect(JSON.stringify([error.message, error.hint])).not.toContain('wrong')
})
/** A registry without a login that holds one manifest and its blobs. */
async function registryOf(layers: readonly { mediaType: string; body: string | Buffer }[], config?: object) {
  const configBody = JSON.stringify(config ?? {})
  const bodies = [...layers.map(({ body }) => body), configBody]
  const blobs = new Map(bodies.map((body) => [`sha256:${sha256(body)}`, Buffer.from(body)]))
  const manifest = JSON.stringify({
    ...(config !== undefined && {
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        digest: `sha256:${sha256(configBody)}`,
        size: configBody.length,
      },
    }),
    layers: layers.map(({ mediaType, body }) => ({
      mediaType,
      digest: `sha256:${sha256(body)}`,
      size: Buffer.byteLength(body),
    })),
  })
  const server = createServer((request, response) => {
    const blob = blobs.get(request.url?.split('/').at(-1) ?? '')
    response.end(blob ?? manifest)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  // A listening TCP server has an object as its address.
  return `127.0.0.1:${(server.address() as AddressInfo).port}/library/m:latest`
}

const ollamaLayer = (kind: string, body: string) => ({
  mediaType: `application/vnd.ollama.image.${kind}`,
  body,
})

test('what a manifest of Ollama says of its model is in the lock', async () => {
  const reference = await registryOf([
    ollamaLayer('model', 'GGUF'),
    ollamaLayer('template', '{{ .Prompt }}'),
    ollamaLayer('system', 'Be brief.'),
    ollamaLayer('params', '{"num_ctx":4096,"stop":["<|end|>"]}'),
    ollamaLayer('license', 'MIT'),
    ollamaLayer('license', 'and more'),
    ollamaLayer('messages', '[]'),
  ])
  const locked = await inventoryWeights({ type: 'oci', reference }, { ...context, formats: ['gguf'] })
  expect(locked.files.map(({ path }) => path)).toEqual(['model.gguf'])
  expect(locked.modelfile).toEqual({
    template: '{{ .Prompt }}',
    system: 'Be brief.',
    params: { num_ctx: 4096, stop: ['<|end|>'] },
    license: 'MIT\nand more',
  })
  expect(locked.skipped).toHaveLength(1)
})

test('the renderer and the parser that a config of Ollama names are in the lock, with the version that has them', async () => {
  const reference = await registryOf([ollamaLayer('model', 'GGUF'), ollamaLayer('license', 'MIT')], {
    ...{ model_format: 'gguf', model_family: 'qwen3moe', architecture: 'amd64', os: 'linux' },
    ...{ renderer: 'qwen3-coder', parser: 'qwen3-coder', requires: '0.12.0' },
  })
  const locked = await inventoryWeights({ type: 'oci', reference }, { ...context, formats: ['gguf'] })
  expect(locked.modelfile).toEqual({
    license: 'MIT',
    renderer: 'qwen3-coder',
    parser: 'qwen3-coder',
    requires: '0.12.0',
  })
})

test('a model of Ollama’s cloud has no weights, and is refused with where it is computed', async () => {
  const reference = await registryOf([ollamaLayer('license', 'MIT')], {
    ...{ model_family: 'gptoss', remote_host: 'https://ollama.com:443', remote_model: 'gpt-oss:120b' },
  })
  await expect(inventoryWeights({ type: 'oci', reference }, context)).rejects.toThrow(
    'Ollama asks https://ollama.com:443 for gpt-oss:120b',
  )
})

test.each([
  ['an adapter', [ollamaLayer('model', 'GGUF'), ollamaLayer('adapter', 'LoRA')], 'an adapter'],
  ['parameters that are none', [ollamaLayer('model', 'GGUF'), ollamaLayer('params', '[')], 'params'],
  ['no file at all', [ollamaLayer('template', 'x')], 'do not say what files they hold'],
])('an artifact with %s is refused', async (_, layers, words) => {
  const reference = await registryOf(layers)
  await expect(inventoryWeights({ type: 'oci', reference }, context)).rejects.toThrow(words)
})

test('members of a layer that is a tar come back by range', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'two.safetensors'), sampleBytes(30_000, 'two'))
  const body = execFileSync('tar', ['-cf', '-', '-C', folder, '.'])
  const reference = await registryOf([
    { mediaType: 'application/vnd.cncf.model.weight.v1.tar', body },
    { mediaType: 'application/vnd.docker.ai.license', body: 'MIT' },
  ])
  const locked = await inventoryWeights({ type: 'oci', reference }, context)
  expect(locked.files.map(({ path, sha256: hash }) => [path, hash])).toEqual([
    ['LICENSE', sha256('MIT')],
    ['two.safetensors', sha256(sampleBytes(30_000, 'two'))],
  ])
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/m' })
  expect(await packWeights(await scratchStore(), locked, layers, context)).toHaveLength(layers.length)
})
