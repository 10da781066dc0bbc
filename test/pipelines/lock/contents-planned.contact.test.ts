import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { planImage } from '../../../images/plan/plan.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { deploymentFor, lockFor, recipeFor } from '../../images/engines/fixtures.ts'
import { gguf } from '../memory-files.ts'
import {
  type Files,
  folderOf,
  llama,
  llamaGguf,
  lockFiles,
  lockSource,
  projector,
  safetensors,
  whole,
} from './contents-folder.ts'

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
    'pytorch_model.bin': Buffer.from([0x80, 2, 0x7d]),
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

test('code of the model itself that was left out is refused with --trust-remote-code, and told without', async () => {
  const config = { ...llama, auto_map: { AutoConfig: 'configuration_x.C', AutoModel: 'modeling_x.M' } }
  const found = await lockFiles('vllm', {
    ...whole,
    'config.json': JSON.stringify(config),
    'configuration_x.py': 'from .rope import R\n',
  })
  expect(found.model).toMatchObject({
    ownCode: ['configuration_x.py', 'modeling_x.py'],
    missingCode: ['modeling_x.py', 'rope.py'],
  })
  expect(planOf('vllm', found).doubts).toEqual([expect.stringContaining('configuration_x.py, modeling_x.py')])
  expect(() =>
    planOf('vllm', found, ({ serving }) => serving.extraArguments.push('--trust-remote-code')),
  ).toThrow('not among the files: modeling_x.py, rope.py')
})

test('code of another repository is found in the configuration of a processor as well', async () => {
  const processor = { auto_map: { AutoProcessor: 'acme/other--processing.P' } }
  const found = await lockFiles('vllm', { ...whole, 'preprocessor_config.json': JSON.stringify(processor) })
  expect(found.model?.foreignCode).toEqual(['acme/other'])
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
