import { expect, test } from 'vitest'
import { instructionsOf, type RunnerFacts } from '../../../images/boot/runner-facts.ts'
import { compileCacheKey } from '../../../images/plan/compile-cache-key.ts'
import { type ImagePlan, planImage } from '../../../images/plan/plan.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'
import { columnOf, judged, recipeWith } from './judged.ts'

const cached = (change: (recipe: Recipe) => void = () => undefined) => {
  const recipe = recipeFor('vllm', (draft) => {
    draft.engine.runtime = 'packages'
    draft.image.compileCache = true
    change(draft)
  })
  return planImage(recipe, lockFor(recipe))
}

test('the program stands before the server, and the plan names the folders of its compilers', () => {
  const plan = cached()
  expect(plan.config.Entrypoint?.slice(0, 5)).toEqual([
    '/opt/vllm/bin/python',
    '-I',
    '/usr/local/lib/ingot/compile-cache.py',
    '/opt/vllm/bin/python',
    '-m',
  ])
  expect(plan.settings.map(({ path }) => path)).toContain('/usr/local/lib/ingot/compile-cache.py')
  expect(plan.compileCache?.folders).toEqual([
    '/tmp/deep-gemm',
    '/tmp/flashinfer',
    '/tmp/torch-extensions',
    '/tmp/torchinductor',
    '/tmp/triton',
    '/tmp/vllm/modelinfos',
    '/tmp/vllm/torch_compile_cache',
  ])
})

test('a folder that the recipe moves is followed below /tmp, and left alone elsewhere', () => {
  const moved = cached(({ serving }) => {
    Object.assign(serving.environment, {
      TRITON_CACHE_DIR: '/tmp/vllm/torch_compile_cache/triton',
      DG_JIT_CACHE_DIR: '/data/kernels',
    })
  })
  expect(moved.compileCache?.folders).toEqual([
    '/tmp/flashinfer',
    '/tmp/torch-extensions',
    '/tmp/torchinductor',
    '/tmp/vllm/modelinfos',
    '/tmp/vllm/torch_compile_cache',
  ])
})

test('on a CPU the image gets compilers and compiles; without the key it has neither', () => {
  const planFor = (compileCache: boolean) => {
    const recipe = recipeFor('vllm', (draft) => {
      delete draft.target.gpu
      draft.engine.device = 'cpu'
      draft.engine.runtime = 'packages'
      if (compileCache) draft.image.compileCache = true
    })
    return planImage(recipe, lockFor(recipe))
  }
  const [plain, compiling] = [planFor(false), planFor(true)]
  const packages = ({ runtime: { source } }: ImagePlan) => (source.type === 'python' ? source.packages : [])
  expect(packages(compiling)).toEqual(expect.arrayContaining(['gcc', 'g++', 'libpython3.11-dev']))
  expect(packages(plain)).not.toContain('g++')
  expect(plain.config.Entrypoint).toContain('--enforce-eager')
  expect(compiling.config.Entrypoint).not.toContain('--enforce-eager')
  expect(compiling.config.Env).toContain('VLLM_USE_AOT_COMPILE=0')
  expect(compiling.config.Env).toContain('TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS=0')
  expect(compiling.slimming.closure?.roots.join()).toContain('g++')
  expect(plain.compileCache).toBeUndefined()
  expect(plain.config.Env?.join()).not.toContain('VLLM_USE_AOT_COMPILE')
})

const machine: RunnerFacts = {
  ...{ runner: 'docker', version: '28', kernel: '6.1', cpus: 2, memoryBytes: 1e9 },
  ...{ gpus: [{ name: 'H100', memoryBytes: 8e10, capability: 9 }], driver: '580.65', cuda: '13.0' },
  instructions: '0123456789abcdef',
}
const layer = (text: string) => ({
  descriptor: { mediaType: 'x', digest: digestOf(text), size: 1 },
  diffId: digestOf(text),
  cause: text,
})
const keyOf = (plan: ImagePlan, facts = machine, runtime = [layer('a')]) =>
  compileCacheKey(plan, runtime, facts)

test.each<[string, string]>([
  ['another length', keyOf(cached(({ serving }) => Object.assign(serving, { contextLength: 64 })))],
  ['another flag', keyOf(cached(({ serving }) => serving.extraArguments.push('--seed=1')))],
  ['another variable', keyOf(cached(({ serving }) => Object.assign(serving.environment, { A: 'b' })))],
  ['another runtime', keyOf(cached(), machine, [layer('b')])],
  ['another card', keyOf(cached(), { ...machine, gpus: [] })],
  ['another driver', keyOf(cached(), { ...machine, driver: '590.1' })],
  ['another processor', keyOf(cached(), { ...machine, instructions: 'fedcba9876543210' })],
  ['another shape', keyOf(withFile('config.json', { sha256: 'f'.repeat(64) }))],
  ['other sizes', keyOf(withFile('model.safetensors', { sizeBytes: 1 }))],
])('%s is another key, so code that is stale is not found', (_, key) => {
  expect(key).not.toBe(keyOf(cached()))
})

test('other weights of one shape, other prompts and another kernel keep the key', () => {
  expect(keyOf(withFile('model.safetensors', { sha256: 'e'.repeat(64) }))).toBe(keyOf(cached()))
  expect(keyOf(cached(({ verify }) => Object.assign(verify, { prompts: ['What?'] })))).toBe(keyOf(cached()))
  expect(keyOf(cached(), { ...machine, kernel: '6.2', cpus: 8 })).toBe(keyOf(cached()))
})

function withFile(path: string, change: Partial<ImagePlan['weights']['files'][number]>): ImagePlan {
  const plan = cached()
  const files = plan.weights.files.map((file) => (file.path === path ? { ...file, ...change } : file))
  expect(files).not.toEqual(plan.weights.files)
  return { ...plan, weights: { ...plan.weights, files } }
}

test('instructions are those of the first processor, in any order; on Arm they have another name', () => {
  const flags = (text: string) => instructionsOf(`processor\t: 0\n${text}\nprocessor\t: 1\n`).instructions
  expect(flags('flags\t\t: fpu avx2 sse')).toBe(flags('flags\t\t: sse avx2  fpu'))
  expect(flags('flags\t\t: fpu avx2')).not.toBe(flags('flags\t\t: fpu'))
  expect(flags('Features\t: fp asimd')).toMatch(/^[0-9a-f]{16}$/)
  expect(instructionsOf('model name: x')).toEqual({})
})

test.each([
  ['llama-cpp', '  compileCache: true', /nothing that llama.cpp compiles.*vllm and sglang|vllm and sglang/],
  ['vllm', '  compileCache: true\n  slim: [safe, jit]', /takes what compiles at run time out of the image/],
  ['vllm', '  compileCache: 1', /expected boolean, found 1/],
] as const)('%s with %j is told by check', (id, lines, words) => {
  const text = recipeWith(id, 'image', lines)
  const { problems } = judged(text)
  expect(problems.map(({ message, hint }) => `${message}; ${hint}`).join('\n')).toMatch(words)
  expect(problems[0]).toMatchObject({ line: columnOf(text, 'compileCache').line })
})

test('a variable that switches the cache off is told', () => {
  const text = `${recipeWith('vllm', 'image', '  compileCache: true')}`
  const off = recipeWith('vllm', 'serving', '  environment: { VLLM_DISABLE_COMPILE_CACHE: "1" }')
  expect(judged(off).problems).toEqual([])
  const both = off.includes('\nimage:\n')
    ? off.replace('\nimage:\n', '\nimage:\n  compileCache: true\n')
    : `${off}image:\n  compileCache: true\n`
  expect(
    judged(both)
      .problems.map(({ message }) => message)
      .join(),
  ).toMatch(/switches the cache off/)
  expect(judged(text).problems).toEqual([])
})
