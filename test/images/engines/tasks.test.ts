import { describe, expect, test } from 'vitest'
import { factsOf } from '../../../images/engines/deployment.ts'
import { tasksOf } from '../../../images/engines/tasks.ts'
import { PlanError } from '../../../images/error.ts'
import { planImage } from '../../../images/plan/plan.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { GgufFacts } from '../../../recipes/gguf-facts.ts'
import type { FolderFacts, Lock } from '../../../recipes/lock.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import type { ModelTask } from '../../../recipes/tasks.ts'
import { factsOf as modelFacts } from '../memory/models.ts'
import { lockFor, recipeFor } from './fixtures.ts'

function lockWith(recipe: Recipe, change: Partial<GgufFacts>, without: (keyof GgufFacts)[] = []): Lock {
  const lock = lockFor(recipe)
  if (lock.gguf === undefined) return lock
  const gguf = { ...lock.gguf, ...change }
  for (const key of without) delete gguf[key]
  return { ...lock, gguf }
}

function folderLock(recipe: Recipe, architecture: string, folder?: FolderFacts): Lock {
  const model = { ...modelFacts('llama-3.1-8b'), architecture }
  return { ...lockFor(recipe), model, ...(folder === undefined ? {} : { folder }) }
}

describe('the task follows from the model', () => {
  const recipe = recipeFor('llama-cpp')
  const told = (lock: Lock) => tasksOf(recipe, factsOf(lock)).tasks

  test.each([
    ['a chat template', {}, [], ['chat']],
    ['no chat template', {}, ['chatTemplate'], ['completion']],
    ['vectors that are pooled, with a template', { pooling: 'last' }, [], ['embedding']],
    ['a score that is pooled', { pooling: 'rank' }, ['chatTemplate'], ['rerank']],
    ['no pooling by its own word', { pooling: 'none' }, [], ['chat']],
  ] as const)('a GGUF with %s', (_, change, without, tasks) => {
    expect(told(lockWith(recipe, change, [...without]))).toEqual(tasks)
  })

  test.each([
    ['LlamaForCausalLM', { chatTemplate: 'x' }, ['chat']],
    ['LlamaForCausalLM', {}, ['completion']],
    ['LlamaForCausalLM', undefined, ['chat']],
    ['Qwen3ForCausalLM', { chatTemplate: 'x', pooling: 'last', normalizes: true }, ['embedding']],
    ['BertModel', {}, ['embedding']],
    ['GPT2LMHeadModel', {}, ['completion']],
    ['BertForSequenceClassification', { labels: 1 }, ['rerank']],
    ['WhisperForConditionalGeneration', {}, ['transcription']],
  ] as const)('%s with %j', (architecture, folder, tasks) => {
    const { gguf: _, ...lock } = folderLock(recipe, architecture, folder)
    expect(told(lock)).toEqual(tasks)
  })

  test('the recipe wins, and its order does not matter', () => {
    const asked = recipeFor('llama-cpp', ({ model }) => {
      model.task = ['embedding', 'chat']
    })
    expect(tasksOf(asked, factsOf(lockWith(asked, { pooling: 'rank' })))).toMatchObject({
      tasks: ['chat', 'embedding'],
      because: 'the recipe says so',
    })
  })
})

function planOf(id: EngineId, task: ModelTask | ModelTask[], change: Partial<GgufFacts> = {}) {
  const recipe = recipeFor(id, ({ model }) => {
    model.task = task
  })
  return planImage(recipe, lockWith(recipe, change))
}

const idsOf = (plan: ReturnType<typeof planOf>) => plan.verify.behaviour.probes.map(({ id }) => id)

test.each([
  ['llama-cpp', 'embedding', ['--embeddings', '--pooling mean', '--batch-size 4096 --ubatch-size 4096']],
  ['vllm', 'embedding', ['--runner pooling']],
  ['vllm', 'rerank', ['--runner pooling']],
  ['sglang', 'embedding', ['--is-embedding']],
] as const)('%s is told of %s by its command line', (id, task, flags) => {
  const command = planOf(id, task).config.Entrypoint?.join(' ')
  for (const flag of flags) expect(command).toContain(flag)
  expect(planOf(id, 'chat').config.Entrypoint?.join(' ')).not.toContain(flags[0])
})

test('a GGUF that says how it pools is not told otherwise', () => {
  const plan = planOf('llama-cpp', 'embedding', { pooling: 'cls' })
  expect(plan.config.Entrypoint).not.toContain('--pooling')
  expect(plan.doubts).toBeUndefined()
  expect(planOf('llama-cpp', 'embedding').doubts?.join()).toContain('names no pooling')
})

test.each([
  [
    'llama-cpp',
    'embedding',
    '/v1/embeddings',
    ['embeddings', 'embeddings-batch', 'embedding', 'unknown-model'],
  ],
  ['ollama', 'embedding', '/v1/embeddings', ['embeddings', 'embed', 'loaded']],
  ['vllm', 'rerank', '/v1/rerank', ['rerank', 'score', 'classify']],
  [
    'sglang',
    'completion',
    '/v1/completions',
    ['completions', 'completions-stream', 'generate', 'malformed-json'],
  ],
] as const)('%s for %s is ready at %s and is asked %j', (id, task, path, ids) => {
  const plan = planOf(id, task)
  const { readiness, ask } = plan.verify.behaviour
  expect(plan.tasks).toEqual([task])
  expect(readiness.request.path).toBe(path)
  expect(ask.path).toBe(path)
  expect(idsOf(plan)).toEqual(expect.arrayContaining([...ids]))
  expect(idsOf(plan)).not.toContain('chat')
  expect(new Set(idsOf(plan)).size).toBe(idsOf(plan).length)
})

test('several tasks of one server are asked one after the other', () => {
  const plan = planOf('ollama', ['chat', 'embedding'])
  expect(plan.verify.behaviour.readiness.request.path).toBe('/v1/chat/completions')
  expect(idsOf(plan)).toEqual(
    expect.arrayContaining(['chat', 'embeddings', 'embed', 'embedding-unknown-model']),
  )
  expect(new Set(idsOf(plan)).size).toBe(idsOf(plan).length)
})

test('a plan for chat says nothing of tasks, so that it is the plan it was', () => {
  expect(planOf('llama-cpp', 'chat')).not.toHaveProperty('tasks')
})

test.each([
  ['tgi', 'embedding', /TGI serves chat, completion.*use vllm or ollama or sglang or llama-cpp/s],
  ['ollama', 'rerank', /Ollama serves chat, completion, embedding.*use vllm or sglang or llama-cpp/s],
  ['llama-cpp', 'rerank', /it is no reranker/],
  [
    'vllm',
    ['chat', 'embedding'],
    /vLLM does not serve chat and embedding from one server.*a recipe for each/s,
  ],
] as const)('%s refuses %s, with what would serve it', (id, task, words) => {
  try {
    planOf(id, [task].flat() as ModelTask[])
    expect.fail('nothing was refused')
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    expect(`${error.failure.found}; ${error.failure.hint}`).toMatch(words)
  }
})
