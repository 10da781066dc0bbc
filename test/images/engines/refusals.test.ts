import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { planImage } from '../../../images/plan/plan.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { deploymentFor, lockFor, readRecipe, recipeFor } from './fixtures.ts'

type Change = (recipe: Recipe) => void

const gpu =
  (name: string, driver?: string): Change =>
  (recipe) => {
    recipe.engine.device = 'cuda'
    recipe.target.gpu = name
    if (driver !== undefined) recipe.target.driver = driver
  }

const serving =
  (settings: Partial<Recipe['serving']>): Change =>
  (recipe) =>
    Object.assign(recipe.serving, settings)

const all =
  (...changes: Change[]): Change =>
  (recipe) => {
    for (const change of changes) change(recipe)
  }

const vllmImage: Change = (recipe) => {
  recipe.engine.runtime = 'upstream'
}

test.each<[string, EngineId, Change, string]>([
  ['a GPU before Turing', 'vllm', gpu('v100-16gb'), 'needs 7.5'],
  ['an AMD GPU', 'sglang', gpu('mi300x'), 'AMD GPU'],
  ['TGI on Turing', 'tgi', gpu('t4'), 'needs 8.0'],
  ['a driver that is too old for every image', 'vllm', all(vllmImage, gpu('l4', '470')), 'driver 470'],
  [
    'a quantisation nobody has',
    'vllm',
    all(gpu('l4'), serving({ quantization: 'gtpq' })),
    'not a quantisation',
  ],
  [
    'fp4 before Blackwell',
    'vllm',
    all(gpu('h100'), serving({ quantization: 'modelopt_fp4' })),
    'needs compute',
  ],
  [
    'fp8 statement on Ampere',
    'tensorrt-llm',
    all(gpu('a100'), serving({ quantization: 'fp8' })),
    'needs compute',
  ],
  ['bfloat16 on Turing', 'sglang', all(gpu('t4'), serving({ dtype: 'bfloat16' })), 'no bfloat16'],
  ['more shards than GPUs', 'tgi', all(gpu('h100'), serving({ tensorParallel: 2 })), 'target.count is 1'],
  ['shards on a CPU', 'vllm', serving({ tensorParallel: 2 }), 'computes on the CPU'],
  ['prompts as long as the context', 'tgi', serving({ maxInputTokens: 2048 }), 'leave nothing'],
  ['a limit of prompts alone', 'vllm', serving({ maxInputTokens: 100 }), 'no such setting'],
  ['a dtype for a GGUF', 'llama-cpp', serving({ dtype: 'float16' }), 'no such setting'],
  [
    'arguments for `ollama serve`',
    'ollama',
    serving({ extraArguments: ['--verbose'] }),
    'takes no arguments',
  ],
])('%s is refused: %s', (_, id, change, words) => {
  const recipe = recipeFor(id, change)
  expect(() => planImage(recipe, lockFor(recipe))).toThrow(words)
})

test.each<[EngineId, string[], string]>([
  ['vllm', ['model.gguf'], 'without a .safetensors or .bin file, config.json, a tokenizer'],
  ['vllm', ['config.json', 'model.safetensors'], 'without a tokenizer'],
  ['tgi', ['config.json', 'pytorch_model.bin', 'tokenizer.json'], 'without a .safetensors file'],
  ['llama-cpp', ['config.json', 'model.safetensors'], 'no .gguf file'],
  ['ollama', ['a.gguf', 'b.gguf'], '2 GGUF models'],
])('%s refuses a folder with %j', (id, names, words) => {
  const refusals = engineOf(id).refusals(deploymentFor(recipeFor(id), names))
  expect(refusals.map(({ found }) => found).join('; ')).toContain(words)
  for (const refusal of refusals) expect(refusal.hint.length).toBeGreaterThan(10)
})

test.each([
  'tokenizer.json',
  'tokenizer.model',
  'tokenizer.model.v3',
  'tekken.json',
  'tiktoken.model',
  'qwen.tiktoken',
  'vocab.txt',
  'vocab.json',
  'sentencepiece.bpe.model',
  'spiece.model',
  'source.spm',
  'tokenization_kimi.py',
])('%s is a tokenizer', (name) => {
  // Byte pairs have a list of merges beside their vocabulary.
  const beside = name === 'vocab.json' ? ['merges.txt'] : []
  const refusals = (path: string) => {
    const names = ['config.json', 'model.safetensors', path, ...beside]
    return engineOf('vllm').refusals(deploymentFor(recipeFor('vllm'), names))
  }
  expect(refusals(name)).toEqual([])
  expect(refusals(`onnx/${name}`)).toMatchObject([{ found: expect.stringContaining(`onnx/${name}`) }])
})

test('without a tokenizer of its own where an argument names another', () => {
  const recipe = recipeFor('vllm', serving({ extraArguments: ['--skip-tokenizer-init'] }))
  const names = ['config.json', 'model.safetensors']
  expect(engineOf('vllm').refusals(deploymentFor(recipe, names))).toEqual([])
})

test('shards of one GGUF and a projector are one model', () => {
  const names = ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf', 'mmproj-m.gguf']
  expect(engineOf('llama-cpp').refusals(deploymentFor(recipeFor('llama-cpp'), names))).toEqual([])
})

test('attention heads that do not divide are refused where the lock knows them', () => {
  const recipe = readRecipe('llama-3.1-70b-vllm-tp4.yaml')
  const deployment = deploymentFor(recipe)
  // Only the number of heads is read; the rest of the facts is of no matter here.
  const facts = { headCount: 6 } as typeof deployment.facts
  expect(engineOf('vllm').refusals({ ...deployment, facts })).toMatchObject([
    { path: 'serving.tensorParallel', found: '6 attention heads do not divide by 4' },
  ])
})

test.each([
  ['580', 'vllm/vllm-openai:v0.31.0'],
  ['570.124.06', 'vllm/vllm-openai:v0.31.0-cu129'],
  ['535.129.03', 'vllm/vllm-openai:v0.31.0-cu129'],
  [undefined, 'vllm/vllm-openai:v0.31.0'],
])('driver %s chooses %s', (driver, base) => {
  const recipe = recipeFor('vllm', all(vllmImage, gpu('l4', driver)))
  expect(deploymentFor(recipe).runtime.source.base).toBe(base)
})

test('a version without a known image is refused, and told where to name one', () => {
  const recipe = recipeFor('vllm', (draft) => {
    draft.engine.version = '0.33.0'
    draft.engine.runtime = 'upstream'
  })
  expect(() => deploymentFor(recipe)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('image.base') }),
  )
})

test('a range that no known image is in names those that are known, and a base of the recipe settles it', () => {
  const recipe = recipeFor('sglang', (draft) => {
    draft.engine.version = '>=0.6'
    draft.engine.runtime = 'upstream'
  })
  expect(() => deploymentFor(recipe)).toThrow('no known image of SGLang')
  recipe.image.base = 'lmsysorg/sglang:v0.6.1-runtime'
  expect(deploymentFor(recipe).runtime.source.base).toBe('lmsysorg/sglang:v0.6.1-runtime')
})

test.each<[EngineId, Change, string]>([
  [
    'tgi',
    (recipe) => {
      delete recipe.target.gpu
    },
    'no runtime for cpu',
  ],
  [
    'tensorrt-llm',
    (recipe) => {
      recipe.engine.runtime = 'packages'
    },
    'no runtime "packages"',
  ],
  ['vllm', gpu('h1000'), 'no such name'],
])('%s without a runtime that suits is refused', (id, change, words) => {
  expect(() => deploymentFor(recipeFor(id, change))).toThrow(words)
})

test('Ollama refuses a GGUF of another quantisation, and a lock without a header', () => {
  const recipe = recipeFor('ollama')
  const lock = lockFor(recipe)
  const gguf = { architecture: 'llama', parameterCount: 1, fileType: 'Q8_0' }
  expect(() => planImage(recipe, { ...lock, gguf })).toThrow('the file is Q8_0, the recipe says Q4_1')
  const { gguf: _, ...without } = lock
  expect(() => planImage(recipe, without)).toThrow('no GGUF header')
})
