import { describe, expect, test } from 'vitest'
import { engineOf } from '../../../../images/engines/engines.ts'
import { shortCount } from '../../../../images/engines/ollama/weights.ts'
import { planImage } from '../../../../images/plan/plan.ts'
import type { Lock } from '../../../../recipes/lock.ts'
import { parseLock } from '../../../../recipes/lock.ts'
import type { Recipe } from '../../../../recipes/recipe.ts'
import { lockFor, recipeFor } from '../fixtures.ts'
import { originals } from './originals.ts'

interface Case {
  chatTemplate?: string | undefined
  version?: string
  modelfile?: Lock['weights']['modelfile']
  change?: (recipe: Recipe) => void
}

function planOf({ chatTemplate, version = '0.32.15', modelfile, change }: Case) {
  const recipe = recipeFor('ollama', change)
  const {
    gguf: { chatTemplate: _, ...gguf } = { architecture: 'llama', parameterCount: 1, fileType: null },
    ...lock
  } = lockFor(recipe)
  return planImage(recipe, {
    ...lock,
    engine: { ...lock.engine, version },
    gguf: { ...gguf, ...(chatTemplate === undefined ? {} : { chatTemplate }) },
    weights: { ...lock.weights, ...(modelfile ? { modelfile } : {}) },
  })
}

/** Texts of the store's layers by their kind. */
function storeOf(asked: Case): Record<string, string> {
  const entries = planOf(asked).weights.layers.flatMap((layer) => layer.entries)
  const texts = new Map(
    entries.flatMap((entry) => (entry.type === 'text' ? [[entry.path, entry.text] as const] : [])),
  )
  const [, manifest = '{"layers":[]}'] = [...texts].find(([path]) => path.includes('/manifests/')) ?? []
  const layers: { mediaType: string; digest: string }[] = JSON.parse(manifest).layers
  return Object.fromEntries(
    layers.map(({ mediaType, digest }) => {
      const [, text = ''] = [...texts].find(([path]) => path.endsWith(digest.replace(':', '-'))) ?? []
      return [mediaType.split('.').at(-1) ?? '', text]
    }),
  )
}

const own =
  (text: string, stop: string[] = []) =>
  (recipe: Recipe) => {
    recipe.serving.ollamaTemplate = { text, stop }
  }

describe('the store', () => {
  test('has no template where Ollama runs that of the GGUF', () => {
    expect(Object.keys(storeOf({ chatTemplate: originals.tools }))).toEqual(['model', 'license'])
  })

  test.each(['0.17.4', '0.32.15'])(
    'gives a model without a chat template its prompts as they are (%s)',
    (version) => {
      expect(storeOf({ version })).toMatchObject({ template: '{{ .Prompt }}' })
      expect(storeOf({ version })).not.toHaveProperty('params')
    },
  )

  test('has the template of the recipe before any other, and tells Ollama to use it', () => {
    const change = own('A{{ .Prompt }}B', ['<end>'])
    const asked = { chatTemplate: originals.chatml, modelfile: { template: 'X{{ .Prompt }}' }, change }
    expect(storeOf(asked)).toMatchObject({ template: 'A{{ .Prompt }}B', params: '{"stop":["<end>"]}' })
    expect(planOf(asked).config.Env).toContain('OLLAMA_GO_TEMPLATE=1')
  })

  test('has what an Ollama manifest said, in place of what would be made', () => {
    const modelfile = {
      template: 'X{{ .Prompt }}',
      system: 'Be kind.',
      params: { stop: ['<s>'], num_ctx: 512 },
    }
    const store = storeOf({ chatTemplate: originals.chatml, modelfile })
    expect(store).toMatchObject({ template: 'X{{ .Prompt }}', system: 'Be kind.' })
    expect(JSON.parse(store['params'] ?? '')).toEqual(modelfile.params)
  })
})

test('a renderer and a parser stand in the config, where Ollama looks for them, and no template is made', () => {
  const modelfile = { renderer: 'qwen3-coder', parser: 'qwen3-coder', requires: '0.12.0' }
  for (const version of ['0.17.4', '0.32.15']) {
    const { weights } = planOf({ chatTemplate: originals.tools, version, modelfile })
    const texts = weights.layers.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.type === 'text' ? [entry.text] : [])),
    )
    const config = texts
      .map((text) => (text.startsWith('{"') ? JSON.parse(text) : {}))
      .find((one) => one.model_format)
    expect(config).toMatchObject({ renderer: 'qwen3-coder', parser: 'qwen3-coder' })
    expect(storeOf({ version, modelfile })).toMatchObject({ template: '{{ .Prompt }}' })
  }
  expect(() => planOf({ modelfile: { requires: '0.33.0' } })).toThrow('asks for Ollama 0.33.0 or newer')
})

describe('refused', () => {
  test.each<[string, Case, RegExp]>([
    [
      'tools in a version that cannot run Jinja',
      { chatTemplate: originals.tools, version: '0.17.4' },
      /it has tools.*differs on: tools/,
    ],
    ['a date', { chatTemplate: originals.dated, version: '0.29.9' }, /cannot be rendered/],
    ['a lost question', { chatTemplate: originals.forgetful, version: '0.17.4' }, /weights\.source/],
    ['an own template that is no Go', { change: own('{{ if .Prompt }}') }, /ollamaTemplate\.text[\s\S]*end/],
    ['an own template with the date', { change: own('{{ currentDate }} {{ .Prompt }}') }, /date of the day/],
    ['an own template that drops the question', { change: own('Hello {{ .System }}') }, /lacks the question/],
    [
      'an own template for a store from outside',
      {
        change: (recipe) => {
          own('{{ .Prompt }}')(recipe)
          recipe.weights.delivery = 'mounted'
        },
      },
      /comes from outside/,
    ],
  ])('%s', (_, asked, reason) => {
    expect(() => planOf(asked)).toThrow(reason)
  })

  test.each(['vllm', 'sglang', 'tgi', 'tensorrt-llm', 'llama-cpp'] as const)('the key, by %s', (id) => {
    const recipe = recipeFor(id, own('{{ .Prompt }}'))
    expect(() => planImage(recipe, lockFor(recipe))).toThrow('serving.ollamaTemplate')
    expect(engineOf(id).weights.type).toBe('files')
  })
})

test('where the GGUF runs its own template, a prompt that is too long is no measured answer', () => {
  const probe = (chatTemplate: string) =>
    planOf({ chatTemplate }).verify.behaviour.probes.find(({ id }) => id === 'prompt-too-long')
  expect(probe(originals.tools)).toMatchObject({ required: false, expect: { status: 400 } })
  expect(probe(originals.chatml)).toMatchObject({ required: true, expect: { status: 200 } })
})

test.each<[string, Case, string[]]>([
  ['the original in the GGUF', { chatTemplate: originals.taggedTools }, ['tools']],
  ['a thinking one', { chatTemplate: originals.thinker }, ['thinking']],
  ['a family in an older version', { chatTemplate: originals.taggedTools, version: '0.17.4' }, ['tools']],
  [
    'an own template',
    { change: own('{{ .Tools }}{{ range .Messages }}{{ .Thinking }}{{ .Content }}{{ end }}') },
    ['tools', 'thinking'],
  ],
  ['one of text alone', { chatTemplate: originals.chatml }, []],
])('the report asks what clients are offered: %s', (_, asked, names) => {
  const probe = planOf(asked).verify.behaviour.probes.find(({ id }) => id === 'capabilities')
  const checks = names.map((value) => ({ at: 'capabilities.*', rule: 'has', value }))
  expect(probe?.expect ?? { checks: [] }).toMatchObject({ checks })
  expect(probe?.title ?? '').toContain(names.join(' and '))
})

test('a lock keeps what an Ollama manifest says, and refuses what it does not know', () => {
  const base = lockFor(recipeFor('ollama'))
  const withLayers = (modelfile: Record<string, unknown>) =>
    JSON.stringify({ ...base, weights: { ...base.weights, modelfile } })
  const known = { template: 'T', system: 'S', params: { stop: ['a'] } }
  expect(parseLock(withLayers(known), 'x.lock').weights.modelfile).toEqual(known)
  expect(() => parseLock(withLayers({ prompt: '' }), 'x.lock')).toThrow('weights.modelfile')
})

test('a count is shortened as Ollama shows it', () => {
  expect([134_515_008, 8_030_261_248, 12_000, 7].map(shortCount)).toEqual(['134.52M', '8.0B', '12K', '7'])
})

test.each([
  ['0.17.4', 'starting runner'],
  ['0.32.15', 'starting llama-server'],
])('Ollama %s says "%s" when it loads, whatever its template', (version, line) => {
  for (const chatTemplate of [undefined, originals.chatml])
    expect(planOf({ version, chatTemplate }).verify.behaviour.stop.busy?.loading).toMatchObject({ line })
})
