import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { modelPack } from '../../../images/weights/artifact.ts'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { main } from '../../../pipelines/cli.ts'
import { checkRecipe } from '../../../pipelines/lock/recipe-files.ts'
import { serveStore } from '../../../pipelines/registry-server/server.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { type HubRepo, repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { config, gguf, ggufMetadata, safetensors } from '../memory-files.ts'
import { storeImage } from '../store/store-image.ts'
import { contextFor } from '../weights/samples.ts'

vi.setConfig({ testTimeout: 120_000 })

const tensors = { 'token_embd.weight': 10_000, 'blk.0.ffn_up.weight': 10_000 }
/** As large as its quantisation would make it: what is behind the tensors is not read. */
const packed = (fileType: number, more: number) =>
  Buffer.concat([gguf({ ...ggufMetadata, 'general.file_type': fileType }, tensors), Buffer.alloc(more)])

const quantized = {
  'README.md': '# Tiny',
  'tiny-Q4_K_M.gguf': packed(15, 380_000),
  'tiny-Q8_0.gguf': packed(7, 680_000),
  'tiny-F16.gguf': packed(1, 1_280_000),
}
const folder = {
  'config.json': JSON.stringify(config),
  'model.safetensors': safetensors({ 'model.embed_tokens.weight': 12_800, 'lm_head.weight': 12_800 }),
  'tokenizer.json': '{}',
}

async function hubOf(files: Record<string, string | Uint8Array>, options: Partial<HubRepo> = {}) {
  const hub = await startHub([repoOf('acme/tiny', files, options)])
  onTestFinished(() => hub.close())
  return hub
}

interface InitRun {
  code: number
  out: string
  err: string
}

async function init(args: readonly string[], environment: Record<string, string> = {}): Promise<InitRun> {
  const out: string[] = []
  const err: string[] = []
  const code = await main(['init', ...args], {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    environment: { PATH: '/nonexistent', HOME: '/nonexistent', ...environment },
    progress: { step: (text) => void err.push(`${text}\n`), bytes() {}, end() {}, lanes: () => [] },
    signal: new AbortController().signal,
  })
  return { code, out: out.join(''), err: err.join('') }
}

async function recipeAt(file: string): Promise<Recipe> {
  const checked = await checkRecipe(file)
  if (checked.ok) return checked.recipe
  throw new Error(checked.problems.map(({ message }) => message).join('\n'))
}

test('a repository of the Hub becomes a recipe of exactly the files that its lock will have', async () => {
  const hub = await hubOf(folder, { license: 'apache-2.0' })
  const file = join(await scratchFolder(), 'tiny.yaml')
  const run = await init(['acme/tiny', '--gpu', 'L4', '--to', file], { HF_ENDPOINT: hub.url })
  expect(run.code, run.err).toBe(0)
  expect(run.out).toContain(`wrote ${file}: vLLM serves acme/tiny (bfloat16) on 1 x l4`)
  const recipe = await recipeAt(file)
  expect(recipe).toMatchObject({
    name: 'tiny-vllm',
    model: { name: 'acme/tiny', license: 'apache-2.0' },
    weights: { source: { type: 'huggingface', repo: 'acme/tiny', revision: 'main' }, delivery: 'baked' },
    serving: { contextLength: 2048 },
    target: { gpu: 'l4', count: 1 },
  })
  const locked = await inventoryWeights(recipe.weights.source, {
    ...contextFor({ HF_ENDPOINT: hub.url }),
    formats: engineOf(recipe.engine.id).formats,
  })
  expect(locked.files.map(({ path }) => path)).toEqual(Object.keys(folder))
})

test('a gated model says what has to be accepted, and takes it once it is', async () => {
  const access = { license: 'llama3.1', gated: 'auto', access: ['hf_mine'] } as const
  const hub = await hubOf(folder, { ...access, access: [...access.access] })
  const place = await scratchFolder()
  const environment = { HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_mine' }
  const open = await init(['acme/tiny', '--gpu', 'l4', '--to', join(place, 'a.yaml')], environment)
  expect(open.code, open.err).toBe(0)
  expect(open.out).toContain(
    'before that: the licence of the weights is llama3.1, which has terms of its own',
  )
  const text = await readFile(join(place, 'a.yaml'), 'utf8')
  expect(text).toContain('# The model is gated: HF_TOKEN must belong to an account that has access.')
  expect(text).not.toContain('hf_mine')
  const accepted = join(place, 'b.yaml')
  const run = await init(['acme/tiny', '--gpu', 'l4', '--to', accepted, '--accept-license'], environment)
  expect(run.out).not.toContain('before that')
  expect((await recipeAt(accepted)).model.acceptLicense).toBe('llama3.1')
})

test('a gated model without a token ends with what to do', async () => {
  const hub = await hubOf(folder, { license: 'llama3.1', gated: 'manual', access: ['hf_other'] })
  const run = await init(['acme/tiny', '--gpu', 'l4', '--to', '/nonexistent/x.yaml'], {
    HF_ENDPOINT: hub.url,
  })
  expect(run.code).toBe(3)
  expect(run.err).toContain('accept the licence at')
})

test('of many GGUF files one is chosen by the place, by name, or by its engine', async () => {
  const hub = await hubOf(quantized)
  const place = await scratchFolder()
  const chosen = async (name: string, ...args: string[]) => {
    const file = join(place, `${name}.yaml`)
    const run = await init([...args, '--to', file], { HF_ENDPOINT: hub.url })
    expect(run.code, run.err).toBe(0)
    return recipeAt(file)
  }
  expect((await chosen('card', 'acme/tiny', '--gpu', 'h100')).weights.source).toMatchObject({
    repo: 'acme/tiny',
    include: ['tiny-Q8_0.gguf'],
  })
  const named = await chosen('named', 'https://huggingface.co/acme/tiny/tiny-F16.gguf', '--gpu', 'h100')
  expect(named.weights.source).toMatchObject({ include: ['tiny-F16.gguf'] })
  const here = await chosen('here', 'acme/tiny', '--gpu', 'cpu', '--engine', 'llama.cpp', '--name', 'My Own')
  expect(here.weights.source).toMatchObject({ include: ['tiny-Q4_K_M.gguf'] })
  expect(here).toMatchObject({ name: 'my-own', engine: { id: 'llama-cpp' }, serving: { parallelism: 2 } })
})

test('an artifact of a registry is read where it lies', async () => {
  const source = await scratchFolder()
  await writeFile(join(source, 'tiny-Q4_K_M.gguf'), quantized['tiny-Q4_K_M.gguf'])
  const context = contextFor()
  const weights = await inventoryWeights({ type: 'folder', path: source }, { ...context, formats: ['gguf'] })
  const layers = planWeightLayers(weights.files, { modelFolder: '/models/m' })
  const store = await scratchStore()
  const stored = await packWeights(store, weights, layers, context)
  const whole = layers.flatMap((plan, i) => (stored[i] ? [{ plan, stored: stored[i] }] : []))
  await storeImage(store, modelPack(whole, weights, { name: 'tiny', format: 'gguf' }), 'acme/tiny:v1')
  const registry = await serveStore(store)
  onTestFinished(() => registry.close())
  const reference = `127.0.0.1:${registry.port}/acme/tiny:v1`
  const place = await scratchFolder()
  for (const [name, text] of [
    ['plain', reference],
    ['marked', `oci:${reference}`],
  ] as const) {
    const file = join(place, `${name}.yaml`)
    const run = await init([text, '--gpu', 'cpu', '--to', file])
    expect(run.code, run.err).toBe(0)
    expect(await recipeAt(file)).toMatchObject({
      name: 'tiny-llama-cpp',
      weights: { source: { type: 'oci', reference } },
    })
  }
})

test('a file here is named from where the recipe lies, without a card the table comes first', async () => {
  const place = await scratchFolder()
  await mkdir(join(place, 'models'))
  await mkdir(join(place, 'recipes'))
  await writeFile(join(place, 'models', 'tiny-Q4_K_M.gguf'), quantized['tiny-Q4_K_M.gguf'])
  await writeFile(join(place, 'models', 'other.gguf'), quantized['tiny-Q8_0.gguf'])
  const file = join(place, 'recipes', 'tiny.yaml')
  const run = await init([join(place, 'models', 'tiny-Q4_K_M.gguf'), '--to', file, '--yes'])
  expect(run.code, run.err).toBe(0)
  expect(run.out).toMatch(/^card +engine +weights +context +users\n/)
  expect(run.out).toMatch(/^l4 +llama-cpp +Q4_K_M +2048 +8$/m)
  expect(run.err).toContain('no card is named: this recipe is for a processor')
  const recipe = await recipeAt(file)
  expect(recipe.model.name).toBe('tiny')
  expect(recipe.target.gpu).toBeUndefined()
  expect(recipe.weights.source).toMatchObject({ path: '../models', include: ['tiny-Q4_K_M.gguf'] })
})

test('a file that is there stays as it is', async () => {
  const place = await scratchFolder()
  await writeFile(join(place, 'tiny.gguf'), quantized['tiny-Q4_K_M.gguf'])
  const file = join(place, 'tiny.yaml')
  await writeFile(file, 'mine')
  const run = await init([join(place, 'tiny.gguf'), '--gpu', 'cpu', '--to', file])
  expect(run).toMatchObject({ code: 2 })
  expect(run.err).toContain('init changes none')
  expect(await readFile(file, 'utf8')).toBe('mine')
})

test('a model for cards alone is not guessed a card', async () => {
  const hub = await hubOf(folder)
  const run = await init(['acme/tiny', '--yes'], { HF_ENDPOINT: hub.url })
  expect(run.code).toBe(2)
  expect(run.out).toMatch(/^h100 +vllm +bfloat16 +2048 +\d+$/m)
  expect(run.err).toContain('name one of the table with --gpu')
})

test.each([
  [[], 2, 'an argument is missing: MODEL'],
  [['nothing-here'], 2, 'it is neither here nor a name of the form owner/name'],
  [['./nothing/here'], 2, 'it is neither here nor a name of the form owner/name'],
  [['acme/tiny', '--gpu', 'l5'], 2, 'the catalogue has no such name; near ones are l4'],
  [['acme/tiny', '--engine', 'vlm'], 2, 'did you mean vllm?'],
  [['acme/tiny', '--gpu', 'l4', '--engine', 'ollama'], 2, 'Ollama does not load its files'],
])('ingot init %j ends with %d and says why', async (args, code, words) => {
  const hub = await hubOf(folder)
  const run = await init(args, { HF_ENDPOINT: hub.url })
  expect(run.err).toContain(words)
  expect(run.code).toBe(code)
})
