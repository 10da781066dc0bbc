import { expect, test } from 'vitest'
import { manifestPath, ollamaStoreEntries } from '../../../images/engines/ollama/store.ts'
import { modelPack, packedFiles, weightsImage } from '../../../images/weights/artifact.ts'
import { hubCacheEntries } from '../../../images/weights/hub-cache.ts'
import {
  groupIntoLayers,
  planWeightLayers,
  type WeightEntry,
  type WeightLayer,
} from '../../../images/weights/layers.ts'
import { profileOfHost, registryLimits } from '../../../images/weights/registry-limits.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { LockedWeights } from '../../../recipes/locked-weights.ts'
import { setDigestOf } from '../../../recipes/weights.ts'
import { ollamaTemplateFor } from '../engines/ollama/old-template.ts'

const commit = 'c0'.repeat(20)
const gguf = { path: 'model.gguf', sizeBytes: 98_362_432, sha256: 'ab'.repeat(32) }
const config = { path: 'sub/config.json', sizeBytes: 2, sha256: 'cd'.repeat(32), gitId: 'ef'.repeat(20) }
const weights: LockedWeights = {
  source: { type: 'huggingface', repo: 'acme/tiny', revision: 'main', commit },
  files: [gguf, config],
  setDigest: setDigestOf([gguf, config]),
  license: 'apache-2.0',
}

const shown = (entry: WeightEntry) =>
  entry.type === 'symlink'
    ? `${entry.path} -> ${entry.target}`
    : entry.type === 'text'
      ? `${entry.path}: ${entry.text}`
      : entry.path

test('the Hub cache has blobs by ETag, relative links, and refs without a line break', () => {
  const root = 'root/.cache/huggingface/hub/models--acme--tiny'
  const entries = hubCacheEntries(weights, '/root/.cache/huggingface/hub').map(shown)
  expect(entries.filter((entry) => !entry.endsWith('/'))).toEqual([
    `${root}/blobs/${gguf.sha256}`,
    `${root}/blobs/${config.gitId}`,
    `${root}/snapshots/${commit}/model.gguf -> ../../blobs/${gguf.sha256}`,
    `${root}/snapshots/${commit}/sub/config.json -> ../../../blobs/${config.gitId}`,
    `${root}/refs/main: ${commit}`,
  ])
})

test('weights without a repository cannot be put into a Hub cache', () => {
  const local: LockedWeights = { ...weights, source: { type: 'folder', path: '.' } }
  expect(() => hubCacheEntries(local, '/cache')).toThrow('folder source')
})

const chatml =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

test('an Ollama store has a manifest whose layers are all there, a template layer among them', () => {
  const template = ollamaTemplateFor({ text: chatml })
  if (!template) throw new Error('ChatML is known')
  const model = { name: 'tiny:135m', gguf, architecture: 'llama', parameterSize: '134.52M', fileType: 'Q4_1' }
  const entries = ollamaStoreEntries(
    [{ ...model, template, license: 'Apache-2.0', parameters: { num_ctx: 2048 } }],
    '/models',
  )
  const text = (path: string) =>
    entries.flatMap((entry) => (entry.type === 'text' && entry.path.endsWith(path) ? [entry.text] : []))[0] ??
    ''
  const manifest = JSON.parse(text('manifests/registry.ollama.ai/library/tiny/135m'))
  const kinds = manifest.layers.map((layer: { mediaType: string }) => layer.mediaType.split('.').at(-1))
  expect(kinds).toEqual(['model', 'template', 'license', 'params'])
  for (const layer of [manifest.config, ...manifest.layers]) {
    const blob = entries.find((entry) => entry.path === `models/blobs/${layer.digest.replace(':', '-')}`)
    if (blob?.type === 'text')
      expect([digestOf(blob.text), Buffer.byteLength(blob.text)]).toEqual([layer.digest, layer.size])
    else expect(blob).toMatchObject({ type: 'symlink', target: '../model.gguf' })
  }
  expect(JSON.parse(text(manifest.layers[3].digest.slice(7)))).toEqual({ num_ctx: 2048, stop: template.stop })
  expect(template.template).toContain('<|im_start|>')
  // The layer of the weights is the one that every other engine has.
  const keyOf = (layers: WeightLayer[]) => layers.find((layer) => layer.cause.endsWith('model.gguf'))?.key
  const plain = planWeightLayers([gguf], { modelFolder: '/models' })
  expect(keyOf(groupIntoLayers(entries, {}))).toBe(keyOf(plain))
})

test('a store as a pull leaves it has the model as a blob, and no file beside it', () => {
  const model = { name: 'tiny:135m', gguf, architecture: 'llama', parameterSize: '134.52M', fileType: 'Q4_1' }
  const files = ollamaStoreEntries([model], '/models', 'pulled').filter(({ type }) => type !== 'directory')
  expect(files.map(({ type, path }) => `${type} ${path}`)).toEqual([
    `file models/blobs/sha256-${gguf.sha256}`,
    expect.stringMatching(/^text models\/blobs\/sha256-[0-9a-f]{64}$/),
    'text models/manifests/registry.ollama.ai/library/tiny/135m',
  ])
})

test('a file that two models share is there once, whatever it is called', () => {
  const model = { name: 'tiny:135m', gguf, architecture: 'llama', parameterSize: '134.52M', fileType: 'Q4_1' }
  const second = { ...model, name: 'second', gguf: { ...gguf, path: 'second/other.gguf' } }
  const entries = ollamaStoreEntries([model, second], '/models')
  expect(entries.flatMap((entry) => (entry.type === 'file' ? [entry.path] : []))).toEqual([
    'models/model.gguf',
  ])
  const blob = entries.filter(({ path }) => path === `models/blobs/sha256-${gguf.sha256}`)
  expect(blob).toMatchObject([{ type: 'symlink', target: '../model.gguf' }])
})

test.each([
  ['smollm2', 'registry.ollama.ai/library/smollm2/latest'],
  ['acme/tiny:q4', 'registry.ollama.ai/acme/tiny/q4'],
])('Ollama looks for %s at %s', (name, path) => {
  expect(manifestPath(name)).toBe(path)
})

test('a name that Ollama has no path for is refused', () => {
  expect(() => manifestPath('../escape')).toThrow('not a name')
})

test('the weights image and the ModelPack share their blobs, and every file has its place in them', () => {
  const layers = planWeightLayers(weights.files, { modelFolder: '/models/tiny' }).map((plan) => {
    const digest = digestOf(plan.key)
    const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: plan.sizeBytes }
    return { plan, stored: { descriptor, diffId: digest, cause: plan.cause } }
  })
  const image = JSON.parse(weightsImage(layers, weights, 'linux/amd64').manifest.bytes)
  const pack = JSON.parse(
    modelPack(layers, weights, { name: 'tiny', format: 'gguf', paramSize: '135M' }).manifest.bytes,
  )
  const digests = (manifest: { layers: { digest: string }[] }) => manifest.layers.map((layer) => layer.digest)
  expect(digests(pack)).toEqual(digests(image))
  expect(pack.artifactType).toBe('application/vnd.cncf.model.manifest.v1+json')
  expect(packedFiles(layers).map(({ path, offset }) => [path, offset])).toEqual([
    ['sub/config.json', 512],
    ['model.gguf', 512],
  ])
})

test('registries by host, by profile and by size', () => {
  const limitFor = (host: string) => registryLimits(profileOfHost(host)).maxLayerBytes
  expect(limitFor('ghcr.io')).toBe(10e9)
  expect(limitFor('123456789012.dkr.ecr.eu-central-1.amazonaws.com')).toBe(52_000 * 1024 ** 2)
  expect(limitFor('registry.example.org')).toBeUndefined()
  expect(registryLimits('20GB').maxLayerBytes).toBe(20e9)
  expect(() => registryLimits('gchr')).toThrow('known are')
})
