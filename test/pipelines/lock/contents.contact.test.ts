import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { lockModel } from '../../../pipelines/lock/model.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Lock } from '../../../recipes/lock.ts'
import { lockRenewal } from '../../../recipes/lock-renewal.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import type { WeightsSource } from '../../../recipes/weights.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { deploymentFor, lockFor, recipeFor } from '../../images/engines/fixtures.ts'
import { scratchFolder } from '../../scratch.ts'
import { gguf, ggufMetadata } from '../memory-files.ts'
import { contextFor } from '../weights/samples.ts'

type Files = Record<string, string | Buffer>

/** A safetensors file with one tensor for each name, of eight bytes. */
function safetensors(...names: string[]): Buffer {
  const entries = names.map((name, i) => [
    name,
    { dtype: 'F32', shape: [2], data_offsets: [i * 8, i * 8 + 8] },
  ])
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(names.length * 8)])
}

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 17\n`
const llama = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  vocab_size: 100,
}
const model = safetensors('model.embed_tokens.weight')
const whole: Files = {
  'config.json': JSON.stringify(llama),
  'tokenizer.json': '{}',
  'model.safetensors': model,
}
const llamaGguf = gguf(ggufMetadata, { 'token_embd.weight': 4 })
const projector = gguf({ 'general.architecture': 'clip' }, { 'v.patch': 1 })

const index = (map: Record<string, string>) => JSON.stringify({ weight_map: map })
const shard = (i: number) => `model-0000${i}-of-00002.safetensors`

async function folderOf(files: Files): Promise<string> {
  const folder = await scratchFolder()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

/** The weights part of a lock, as `ingot lock` resolves it. */
function lockSource(engine: EngineId, source: WeightsSource, environment: Record<string, string> = {}) {
  const request = { runtime: { type: 'upstream', base: 'x' }, usesParts: false } as const
  return lockModel(
    {
      engine,
      source,
      request: { ...request, maxLayerBytes: undefined, modelcar: undefined },
      renewal: lockRenewal(undefined, []),
      kept: undefined,
    },
    contextFor(environment),
  )
}

async function lockFiles(engine: EngineId, files: Files, more: { include?: string[] } = {}) {
  return lockSource(engine, { type: 'folder', path: await folderOf(files), ...more })
}

test.each<[string, Files, string[]]>([
  [
    'a shard that an index names is absent',
    {
      ...whole,
      'model.safetensors': '',
      [shard(1)]: model,
      'model.safetensors.index.json': index({ 'model.embed_tokens.weight': shard(1), b: shard(2) }),
    },
    [`${shard(2)} is missing, and model.safetensors.index.json names it`],
  ],
  [
    'a shard is absent that the others count, without an index',
    { ...whole, [shard(1)]: model },
    [`${shard(2)} is missing, one of the shards of ${shard(1)}`],
  ],
  [
    'an index places a tensor in a file that lacks it',
    { ...whole, 'model.safetensors.index.json': index({ 'lm_head.weight': 'model.safetensors' }) },
    ['model.safetensors lacks the tensor lm_head.weight'],
  ],
  ['safetensors that were cut', { ...whole, 'model.safetensors': model.subarray(0, -1) }, ['it was cut']],
  [
    'safetensors cut inside the header',
    { ...whole, 'model.safetensors': model.subarray(0, 20) },
    ['ends inside its safetensors header'],
  ],
  [
    'safetensors with more behind',
    { ...whole, 'model.safetensors': Buffer.concat([model, Buffer.from('x')]) },
    ['something was added'],
  ],
  [
    'a cut module in a folder below',
    { ...whole, '2_Dense/model.safetensors': model.subarray(0, -3) },
    ['2_Dense/model.safetensors has'],
  ],
  [
    'a pointer in place of weights',
    { ...whole, 'model.safetensors': pointer },
    ['model.safetensors is a Git LFS pointer', 'git lfs pull'],
  ],
  [
    'a pointer in place of a tokenizer',
    { ...whole, 'tokenizer.json': pointer },
    ['tokenizer.json is a Git LFS pointer'],
  ],
  ['an empty config', { ...whole, 'config.json': '' }, ['config.json is empty']],
  [
    'a cut tokenizer',
    { ...whole, 'tokenizer.json': '{"model": {"vocab": ' },
    ['tokenizer.json ends in the middle of its JSON'],
  ],
  ['an empty vocabulary', { ...whole, 'vocab.txt': '' }, ['vocab.txt is empty']],
  [
    'an archive of PyTorch that was cut',
    { 'config.json': '{}', 'tokenizer.json': '{}', 'pytorch_model.bin': `PK\x03\x04${'x'.repeat(2000)}` },
    ['pytorch_model.bin has no end of its archive'],
  ],
])('refused when it is locked: %s', async (_, files, words) => {
  const error = await lockFiles('vllm', files).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'refused' })
  for (const word of words) expect(String(error) + JSON.stringify(error)).toContain(word)
})

test.each<[string, Files, string]>([
  ['a model', { 'm.gguf': gguf(ggufMetadata, { 'token_embd.weight': 400 }) }, 'm.gguf has'],
  ['a model cut inside its header', { 'm.gguf': llamaGguf.subarray(0, 200) }, 'm.gguf'],
  [
    'a projector',
    { 'm.gguf': llamaGguf, 'mmproj-F16.gguf': gguf({ 'general.architecture': 'clip' }, { 'v.patch': 400 }) },
    'mmproj-F16.gguf has',
  ],
  ['a shard that is absent', { 'm-00001-of-00002.gguf': llamaGguf }, 'm-00002-of-00002.gguf is missing'],
  ['a pointer', { 'm.gguf': pointer }, 'Git LFS pointer'],
])('a GGUF that is not complete is refused when it is locked: %s', async (_, files, words) => {
  await expect(lockFiles('llama-cpp', files)).rejects.toThrow(words)
})

test('what Python reads as JSON is no fault', async () => {
  const config = JSON.stringify(llama).replace('{', '{"time_step_limit": [0.0, Infinity], "note": "NaN",')
  const { model: facts } = await lockFiles('vllm', { ...whole, 'config.json': config })
  expect(facts).toMatchObject({ hiddenSize: 64, weights: { totalBytes: 8 } })
})

test('a spare shard goes with its reason, and an index of another model in a folder below is its own', async () => {
  const { weights } = await lockFiles('vllm', {
    ...whole,
    [shard(1)]: model,
    [shard(2)]: safetensors('b'),
    'model.safetensors.index.json': index({ 'model.embed_tokens.weight': shard(1), b: shard(2) }),
    'text_encoder/model.safetensors': model,
  })
  expect(weights.skipped).toEqual([
    {
      path: 'model.safetensors',
      sizeBytes: model.length,
      reason: 'model.safetensors.index.json names other files as the model',
    },
  ])
})

/** The plan of weights that were just locked. */
function planOf(
  engine: EngineId,
  found: Pick<Lock, 'weights' | 'model' | 'gguf'>,
  change?: (recipe: Recipe) => void,
) {
  const recipe = recipeFor(engine, change)
  const { gguf: _, ...lock } = lockFor(recipe)
  return planImage(recipe, { ...lock, ...found })
}

test('a GGUF beside safetensors is neither baked nor planned by', async () => {
  const found = await lockFiles('vllm', { ...whole, 'gemma-7b.gguf': llamaGguf })
  expect(found.gguf).toBeUndefined()
  expect(found.model?.source).toBe('config')
  expect(planOf('vllm', found).weights.files.map(({ path }) => path)).not.toContain('gemma-7b.gguf')
  const other = await lockFiles('llama-cpp', { ...whole, 'gemma-7b.gguf': llamaGguf })
  expect(other.model?.source).toBe('gguf')
  expect(other.weights.files.map(({ path }) => path)).not.toContain('model.safetensors')
})

test.each<[string, Files, string]>([
  ['mmproj at the end of its name', { 'gemma-mmproj-f16.gguf': projector }, 'gemma-mmproj-f16.gguf'],
  [
    'three precisions',
    { 'mmproj-BF16.gguf': projector, 'mmproj-F16.gguf': projector, 'mmproj-F32.gguf': projector },
    'mmproj-F16.gguf',
  ],
  ['nothing but its header', { 'a-vision.gguf': projector }, 'a-vision.gguf'],
])('a projector is passed to llama.cpp: %s', async (_, files, name) => {
  const found = await lockFiles('llama-cpp', { ...files, 'gemma-3-4b-it-Q4_K_M.GGUF': llamaGguf })
  const { config, weights } = planOf('llama-cpp', found, (recipe) => {
    delete recipe.serving.quantization
  })
  const command = config.Entrypoint ?? []
  expect(command[command.indexOf('--model') + 1]).toMatch(/\/gemma-3-4b-it-Q4_K_M\.GGUF$/)
  expect(command[command.indexOf('--mmproj') + 1]).toMatch(new RegExp(`/${name}$`))
  expect(weights.files).toHaveLength(2)
})

test('without a projector llama.cpp is passed none, and a matrix that only its header tells is no second model', async () => {
  const found = await lockFiles('llama-cpp', {
    'm.gguf': llamaGguf,
    'calibration.gguf': gguf({ 'general.type': 'imatrix' }, {}),
  })
  expect(found.weights.skipped).toMatchObject([{ path: 'calibration.gguf' }])
  expect(
    planOf('llama-cpp', found, (recipe) => delete recipe.serving.quantization).config.Entrypoint,
  ).not.toContain('--mmproj')
})

test('Mistral’s own form alone is served by vLLM as such, with the sizes of params.json', async () => {
  const params = {
    dim: 64,
    n_layers: 2,
    n_heads: 4,
    n_kv_heads: 2,
    head_dim: 16,
    hidden_dim: 128,
    vocab_size: 100,
  }
  const found = await lockFiles('vllm', {
    'params.json': JSON.stringify(params),
    'tekken.json': '{}',
    'consolidated.safetensors': safetensors('layers.0.attention.wq.weight'),
  })
  expect(found.model).toMatchObject({
    hiddenSize: 64,
    layerCount: 2,
    weights: { totalBytes: 8 },
    missing: [],
  })
  expect((planOf('vllm', found).config.Entrypoint ?? []).join(' ')).toContain(
    '--tokenizer-mode mistral --config-format mistral --load-format mistral',
  )
})

test('.bin alone is served by engines that load it', async () => {
  const found = await lockFiles('vllm', {
    'config.json': JSON.stringify(llama),
    'vocab.txt': 'a\n',
    'pytorch_model.bin': 'pickle',
  })
  expect(planOf('vllm', found).weights.files).toHaveLength(3)
})

test('code of another repository is refused with --trust-remote-code, and no fault without', async () => {
  const config = { ...llama, auto_map: { AutoModel: 'nomic-ai/nomic-bert-2048--modeling.NomicBert' } }
  const found = await lockFiles('vllm', { ...whole, 'config.json': JSON.stringify(config) })
  expect(() => planOf('vllm', found)).not.toThrow()
  expect(() =>
    planOf('vllm', found, ({ serving }) => serving.extraArguments.push('--trust-remote-code')),
  ).toThrow('nomic-ai/nomic-bert-2048')
})

test('a folder of the Hub’s cache in place of a snapshot is refused with the snapshot', async () => {
  const folder = await folderOf({ 'blobs/c1': '{}', 'refs/main': 'abc' })
  await mkdir(join(folder, 'snapshots/abc'), { recursive: true })
  await symlink('../../blobs/c1', join(folder, 'snapshots/abc/config.json'))
  const found = await lockSource('vllm', { type: 'folder', path: folder })
  expect(() => planOf('vllm', found)).toThrow('without')
  const names = found.weights.files.map(({ path }) => path)
  const [refusal] = engineOf('vllm').refusals(deploymentFor(recipeFor('vllm'), names))
  expect(refusal?.hint).toContain('snapshots/abc')
})

test('a list of the Hub that lost its second page is refused', async () => {
  const hub = await startHub([repoOf('acme/long', whole)])
  onTestFinished(() => hub.close())
  const source = { type: 'huggingface', repo: 'acme/long', revision: 'main' } as const
  expect((await lockSource('vllm', source, { HF_ENDPOINT: hub.url })).weights.files).toHaveLength(3)
  hub.faults.push({ type: 'no-links' })
  await expect(lockSource('vllm', source, { HF_ENDPOINT: hub.url })).rejects.toThrow('lacks')
})
