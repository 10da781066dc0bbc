import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { planImage } from '../../images/plan/plan.ts'
import { lockFor, nameOf, readRecipe, recipeFiles } from '../images/engines/fixtures.ts'
import { factsOf, type ModelName } from '../images/memory/models.ts'

const root = resolve(import.meta.dirname, '../..')

/** What a person reads of a plan: what runs, with which settings, and how it is tried. */
function story(file: string) {
  const recipe = readRecipe(file)
  const plan = planImage(recipe, lockFor(recipe))
  const { behaviour } = plan.verify
  return {
    base: plan.runtime.source.base,
    runtime: plan.runtime.source.type,
    command: plan.config.Entrypoint,
    environment: plan.config.Env,
    port: plan.port,
    sharedMemoryBytes: plan.sharedMemoryBytes,
    weights: [
      plan.weights.delivery,
      plan.weights.modelFolder,
      ...plan.weights.layers.map((layer) => layer.cause),
    ],
    ready: `${behaviour.readiness.request.path} within ${behaviour.readiness.timeoutSeconds} s`,
    probes: behaviour.probes.map(
      ({ id, group, title, required, request, expect: { type, status } }) =>
        `${group}/${id}${required ? '' : ' (unconfirmed)'}: ${request.method} ${request.path} -> ${status} ${type}: ${title}`,
    ),
    stop: behaviour.stop,
  }
}

test.each(recipeFiles)('%s plans as it always did', async (file) => {
  await expect(`${JSON.stringify(story(file), null, 2)}\n`).toMatchFileSnapshot(
    `../images/engines/golden/${nameOf(file)}.json`,
  )
})

test.each(recipeFiles)(
  '%s is named after its file, and a copy of it names no schema at a wrong path',
  (file) => {
    expect(readRecipe(file).name).toBe(nameOf(file))
    expect(readFileSync(join(root, 'recipes', file), 'utf8')).not.toMatch(/\$schema/)
  },
)

test('editors check recipes here by the settings of this folder, and elsewhere by a line that docs/recipe.md has', () => {
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const { 'yaml.schemas': schemas } = JSON.parse(read('.vscode/settings.json'))
  expect(schemas).toEqual({ 'docs/recipe.schema.json': 'recipes/*.yaml' })
  expect(JSON.parse(read('docs/recipe.schema.json'))).toHaveProperty('properties.weights')
  expect(read('docs/recipe.md')).toContain('$schema=../node_modules/ingot/docs/recipe.schema.json')
})

/** The deployments that people know, by the numbers they know them by. */
const known = {
  'llama-3.1-8b-vllm': [
    '--max-model-len 4096',
    '--gpu-memory-utilization 0.9',
    '--port 8000',
    '/models/hub/',
  ],
  'llama-3.1-8b-vllm-mounted': ['/models/meta-llama-Llama-3.1-8B-Instruct'],
  'llama-3.1-8b-vllm-baked': ['/opt/vllm/bin/python'],
  'mistral-7b-v0.3-tgi': [
    '--port 80',
    '--max-input-tokens 2048',
    '--max-total-tokens 4096',
    '--max-batch-prefill-tokens 4096',
  ],
  'mistral-7b-awq-tgi': ['--quantize awq'],
  'llama-3.1-8b-ollama': ['OLLAMA_HOST=0.0.0.0:11434'],
  'llama-3.1-8b-ollama-mounted': ['OLLAMA_MODELS=/models/llama3.1-8b', 'weights-guard'],
  'llama-2-70b-chat-gptq-vllm': [
    '--quantization gptq',
    '--max-model-len 2048',
    '--gpu-memory-utilization 0.95',
  ],
  'llama-3.1-70b-vllm-tp4': ['--tensor-parallel-size 4', '--max-model-len 4096'],
  'llama-3.1-70b-tgi-2-shards': ['--num-shard 2'],
  'llama-3.1-8b-sglang': ['--context-length 4096', '--enable-metrics'],
  'llama-3.1-8b-tensorrt-llm': ['--backend pytorch', '--max_seq_len 4096'],
} as const

test.each(Object.entries(known))('%s has the well-known settings', (name, settings) => {
  const { command, environment } = story(`${name}.yaml`)
  const said = [...(command ?? []), ...(environment ?? [])].join(' ')
  for (const setting of settings) expect(said).toContain(setting)
})

test('a store that is mounted is looked through for the blobs of a pull', () => {
  const recipe = readRecipe('llama-3.1-8b-ollama-mounted.yaml')
  const lock = lockFor(recipe)
  const { config } = planImage(recipe, lock)
  const expected: { path: string }[] = JSON.parse(config.Labels?.['dev.ingot.weights.files'] ?? '[]')
  expect(expected.map(({ path }) => path)).toEqual(
    lock.weights.files.map(({ sha256 }) => `blobs/sha256-${sha256}`),
  )
})

test.each([
  ['llama-3.1-70b-vllm-tp4', 16],
  ['llama-3.1-70b-tgi-2-shards', 8],
])('%s asks for %i GiB of shared memory', (name, gib) => {
  expect(story(`${name}.yaml`).sharedMemoryBytes).toBe(gib * 1024 ** 3)
})

const bf16 = (name: ModelName, totalBytes: number) => ({
  ...factsOf(name),
  weights: { totalBytes, byRole: { dense: totalBytes }, byDtype: { BF16: totalBytes } },
})

/** What the comment of the recipe with two shards says, and that the others have room, by the numbers of the models. */
test.each([
  ['llama-3.1-8b-vllm', 'llama-3.1-8b', 16_060_522_496, 31_000, 32_000],
  ['llama-3.1-8b-sglang', 'llama-3.1-8b', 16_060_522_496, 27_000, 28_000],
  ['llama-3.1-70b-vllm-tp4', 'llama-3.1-70b', 141_107_412_992, 470_000, 480_000],
  ['llama-3.1-70b-tgi-2-shards', 'llama-3.1-70b', 141_107_412_992, 26_000, 27_000],
] as const)('%s fits its target', (file, model, sizeBytes, leastTokens, mostTokens) => {
  const recipe = readRecipe(`${file}.yaml`)
  const { memory } = planImage(recipe, { ...lockFor(recipe), model: bf16(model, sizeBytes) })
  expect(memory).toMatchObject({ outcome: 'planned', fits: true, certain: true })
  const tokens = memory?.outcome === 'planned' ? memory.kvTokens : 0
  expect(tokens).toBeGreaterThan(leastTokens)
  expect(tokens).toBeLessThan(mostTokens)
})

test('two shards of 70 B on cards below 80 GB are refused', () => {
  const recipe = readRecipe('llama-3.1-70b-tgi-2-shards.yaml')
  recipe.target.gpu = 'a100-40gb'
  const lock = { ...lockFor(recipe), model: bf16('llama-3.1-70b', 141_107_412_992) }
  expect(() => planImage(recipe, lock)).toThrow('does not fit')
})
