import { describe, expect, test } from 'vitest'
import { deploymentOf } from '../../../images/engines/deployment.ts'
import { engineOf } from '../../../images/engines/engines.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { digestOf, hexOf } from '../../../lib/digest.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { readSettingFile, type SettingFiles, samplingOf } from '../../../recipes/setting-files.ts'
import { lockFor, recipeFor } from './fixtures.ts'

const template = '{% for message in messages %}{{ message.content }}{% endfor %}'
const generation = '{"temperature": 0.6, "top_p": 0.95, "top_k": 20, "eos_token_id": [1, 2]}'

const fileOf = (path: string, text: string) => ({ path, sha256: hexOf(digestOf(text)), text })
const files: SettingFiles = {
  chatTemplate: fileOf('chat.jinja', template),
  generationConfig: fileOf('generation.json', generation),
}

interface Settings {
  model: Partial<Recipe['model']>
  version?: string
}

function made(id: EngineId, { model, version }: Settings): { recipe: Recipe; lock: Lock } {
  const recipe = recipeFor(id, (draft) => {
    Object.assign(draft.model, model)
  })
  const lock = lockFor(recipe)
  const engine = { ...lock.engine, ...(version !== undefined && { version }) }
  const used = Object.fromEntries(Object.entries(files).filter(([key]) => key in model))
  return { recipe, lock: { ...lock, engine, settingFiles: used } }
}

const commandOf = (id: EngineId, settings: Settings) => {
  const { recipe, lock } = made(id, settings)
  return (planImage(recipe, lock).config.Entrypoint ?? []).join(' ')
}

const both = { chatTemplate: 'chat.jinja', generationConfig: 'generation.json' }

test.each<[EngineId, Settings, string]>([
  [
    'vllm',
    { model: { ...both, toolCallParser: 'hermes', reasoningParser: 'qwen3' }, version: '0.33.0' },
    '--chat-template /etc/ingot/chat-template.jinja --tool-call-parser hermes --enable-auto-tool-choice --reasoning-parser qwen3 --generation-config /etc/ingot/generation',
  ],
  [
    'sglang',
    {
      model: { chatTemplate: 'chat.jinja', toolCallParser: 'qwen25', reasoningParser: 'qwen3' },
      version: '0.5.23',
    },
    '--chat-template /etc/ingot/chat-template.jinja --tool-call-parser qwen25 --reasoning-parser qwen3',
  ],
  [
    'llama-cpp',
    { model: { ...both, reasoningParser: 'deepseek' } },
    '--chat-template-file /etc/ingot/chat-template.jinja --reasoning-format deepseek --temp 0.6 --top-k 20 --top-p 0.95',
  ],
  [
    'tensorrt-llm',
    { model: { chatTemplate: 'chat.jinja', toolCallParser: 'qwen3', reasoningParser: 'qwen3' } },
    '--chat_template /etc/ingot/chat-template.jinja --tool_parser qwen3 --reasoning_parser qwen3',
  ],
])('%s gets %j by its command line', (id, settings, words) => {
  expect(commandOf(id, settings)).toContain(words)
})

test('the files lie in the layer of settings, each folder once', () => {
  const { recipe, lock } = made('vllm', { model: both })
  const { settings } = planImage(recipe, lock)
  const own = settings.filter(({ path }) => path.startsWith('/etc/ingot'))
  expect(own).toEqual([
    { type: 'folder', path: '/etc/ingot', mode: '0755' },
    { type: 'file', path: '/etc/ingot/chat-template.jinja', mode: '0644', content: template },
    { type: 'folder', path: '/etc/ingot/generation', mode: '0755' },
    { type: 'file', path: '/etc/ingot/generation/generation_config.json', mode: '0644', content: generation },
  ])
  expect(new Set(settings.map(({ path }) => path)).size).toBe(settings.length)
})

test('a template of the recipe stands for the one of the model', () => {
  const { recipe, lock } = made('llama-cpp', { model: { chatTemplate: 'chat.jinja' } })
  const { gguf } = deploymentOf(recipe, lock, engineOf('llama-cpp'))
  expect(gguf?.chatTemplate).toBe(template)
  expect(lock.gguf?.chatTemplate).not.toBe(template)
})

test.each<[EngineId, Settings, RegExp]>([
  [
    'vllm',
    { model: { toolCallParser: 'minimax' }, version: '0.33.0' },
    /vLLM 0\.33\.0 has no tool-call parser "minimax"/,
  ],
  [
    'vllm',
    { model: { toolCallParser: 'hermes', task: 'embedding' } },
    /served for embedding and answers no chat/,
  ],
  ['tgi', { model: { chatTemplate: 'chat.jinja' } }, /TGI: it reads the template beside the tokenizer/],
  ['ollama', { model: { generationConfig: 'generation.json' } }, /Ollama: its defaults are parameters/],
])('%s refuses %j', (id, settings, words) => {
  expect(() => commandOf(id, settings)).toThrow(words)
})

test('what nobody read is told', () => {
  const { recipe, lock } = made('vllm', { model: { toolCallParser: 'new' }, version: '0.99.0' })
  expect(planImage(recipe, lock).doubts).toContainEqual(
    expect.stringMatching(/^model\.toolCallParser: whether vLLM 0\.99\.0 has .*up to 0\.33\.0/),
  )
})

describe('files', () => {
  const read = (key: 'chatTemplate' | 'generationConfig', text: string | Uint8Array) =>
    readSettingFile(key, 'x', typeof text === 'string' ? new TextEncoder().encode(text) : text)

  test.each<['chatTemplate' | 'generationConfig', string | Uint8Array, RegExp]>([
    ['chatTemplate', '', /no \{\{/],
    ['chatTemplate', 'hello', /no message would reach/],
    ['chatTemplate', '{{ a }}\0', /no text in UTF-8/],
    ['chatTemplate', Uint8Array.of(0xff, 0xfe), /no text in UTF-8/],
    ['chatTemplate', `{{ a }} hf_${'Ab1'.repeat(12)}`, /form of a secret \(Hugging Face token\)/],
    ['generationConfig', 'temperature: 1', /it is no JSON/],
    ['generationConfig', '[1]', /no object/],
    ['generationConfig', 'null', /no object/],
    ['generationConfig', '{"top_p": "0.9"}', /"top_p" is no number/],
  ])('%s of %j is none', (key, text, words) => {
    const found = read(key, text)
    expect(found).toMatchObject({ ok: false, message: expect.stringMatching(words) })
    expect(JSON.stringify(found)).not.toContain('hf_')
  })

  test('greedy decoding is a temperature of 0', () => {
    expect(samplingOf({ text: '{"do_sample": false, "temperature": 0.7, "top_k": null}' })).toEqual({
      temperature: 0,
    })
  })
})
