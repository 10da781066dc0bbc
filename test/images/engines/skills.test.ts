import { expect, test } from 'vitest'
import { planImage } from '../../../images/plan/plan.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { GgufFacts } from '../../../recipes/gguf-facts.ts'
import type { Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from './fixtures.ts'

const withTools: Partial<GgufFacts> = {
  chatTemplate: '<think>{% for tool in tools %}{{ tool | tojson }}{% endfor %}',
}

function planOf(
  id: EngineId,
  model: Partial<Recipe['model']>,
  gguf: Partial<GgufFacts> = {},
  names?: readonly string[],
) {
  const recipe = recipeFor(id, (draft) => void Object.assign(draft.model, model))
  const lock: Lock = lockFor(recipe, names)
  return planImage(recipe, lock.gguf === undefined ? lock : { ...lock, gguf: { ...lock.gguf, ...gguf } })
}

const idsOf = (plan: ReturnType<typeof planOf>) => plan.verify.behaviour.probes.map(({ id }) => id)
const skills = ['tools-forced', 'tools-auto', 'reasoning', 'structured', 'structured-stream', 'vision']
/** Every chat of llama.cpp is asked for JSON of a schema. */
const ofEach = ['structured', 'structured-stream']

test('a chat is asked for no call, no reasoning and no picture where its recipe says nothing', () => {
  expect(idsOf(planOf('llama-cpp', {}, withTools)).filter((id) => skills.includes(id))).toEqual(ofEach)
  expect(idsOf(planOf('vllm', {})).filter((id) => skills.includes(id))).toEqual([])
})

test('a model whose template does not think is asked for no reasoning, whatever parser is named', () => {
  expect(idsOf(planOf('llama-cpp', { reasoningParser: 'auto' }))).not.toContain('reasoning')
})

test.each([
  ['llama-cpp', { task: 'tools' }, [...ofEach, 'tools-forced', 'tools-auto']],
  ['llama-cpp', { task: ['tools', 'structured'] }, [...ofEach, 'tools-forced', 'tools-auto']],
  ['vllm', { task: 'structured' }, ofEach],
  ['tgi', { task: 'tools' }, ['tools-forced', 'tools-auto']],
  [
    'llama-cpp',
    { task: ['chat', 'tools'], reasoningParser: 'deepseek' },
    [...ofEach, 'reasoning', 'tools-forced', 'tools-auto'],
  ],
  ['llama-cpp', { reasoningParser: 'none' }, ofEach],
  ['vllm', { toolCallParser: 'hermes' }, ['tools-forced', 'tools-auto']],
  ['vllm', { toolCallParser: 'hermes', task: 'tools' }, ['tools-forced', 'tools-auto']],
  ['vllm', { reasoningParser: 'qwen3', task: 'vision' }, ['reasoning', 'vision']],
] as const)('%s with %j is asked %j beside the chat', (id, model, asked) => {
  // Literals of the table are read-only, which the recipe's lists are not.
  const plan = planOf(id, model as Partial<Recipe['model']>, withTools)
  const ids = idsOf(plan)
  expect(ids.filter((one) => skills.includes(one))).toEqual(asked)
  expect(ids).toContain('chat')
  expect(new Set(ids).size).toBe(ids.length)
  expect(plan.verify.behaviour.ask.bodyFor).toBe('openai-chat')
})

test('a projector beside the model lets llama.cpp be asked for a picture', () => {
  const plan = planOf('llama-cpp', { task: 'vision' }, {}, ['model.gguf', 'mmproj-F16.gguf'])
  expect(plan.tasks).toEqual(['chat', 'vision'])
  expect(idsOf(plan)).toContain('vision')
})

test.each<[EngineId, Partial<Recipe['model']>, RegExp]>([
  ['llama-cpp', { task: 'tools' }, /tools, and the chat template of the model knows none/],
  ['llama-cpp', { task: 'vision' }, /vision, and no projector/],
  ['vllm', { task: 'tools' }, /nothing says how the model writes a call/],
  ['ollama', { task: 'tools' }, /tools, and the chat template of the model knows none/],
  ['ollama', { task: 'vision' }, /vision, and no projector/],
  ['tensorrt-llm', { task: 'structured' }, /use vllm or ollama or sglang or llama-cpp/],
])('%s with %j is refused', (id, model, words) => {
  try {
    planOf(id, model)
    expect.unreachable()
  } catch (error) {
    expect(JSON.stringify([String(error), error])).toMatch(words)
  }
})

const goTools =
  '{{ range .Tools }}{{ . }}{{ end }}{{ range .Messages }}{{ .Role }}: {{ .Content }}\n{{ end }}'

test('Ollama is asked for a call that is left to the model, in both interfaces, and the plan says that none is forced', () => {
  const recipe = recipeFor('ollama', (draft) => {
    draft.model.task = ['tools', 'structured']
    draft.serving.ollamaTemplate = { text: goTools, stop: [] }
  })
  const plan = planImage(recipe, lockFor(recipe))
  expect(plan.tasks).toEqual(['chat', 'tools', 'structured'])
  expect(idsOf(plan)).toEqual(
    expect.arrayContaining(['tools-auto', 'native-tools', ...ofEach, 'native-format']),
  )
  expect(idsOf(plan)).not.toContain('tools-forced')
  expect(plan.doubts?.join()).toContain('no client can require a call')
})
