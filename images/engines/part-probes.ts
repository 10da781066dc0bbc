import { folderName } from '../../recipes/parts.ts'
import type { ModelTask } from '../../recipes/tasks.ts'
import type { HttpProbe, JsonCheck, ProbeRequest } from '../boot/probe.ts'
import { completionBody } from './completion-probes.ts'
import { embeddingProbes } from './embedding-probes.ts'
import type { Deployment } from './engine.ts'
import { chatBody } from './openai-probes.ts'
import type { PlacedPart } from './parts.ts'
import { cohereRerank, rerankProbes } from './rerank-probes.ts'
import { tasksOfFiles } from './tasks.ts'

/** Asked besides the recipe's own prompts: an adapter may change some answers and leave others. */
const furtherPrompts = ['Write the first sentences of a story about the sea.', 'Explain what a list is.']
const comparedTokens = 16

/** How one engine is asked for an adapter, and for the model without it. */
export interface AdapterRequests {
  base(prompt: string, maxTokens: number): ProbeRequest
  adapted(prompt: string, maxTokens: number): ProbeRequest
}

/** An adapter answers under its name, and answers otherwise than the model alone. */
export function adapterProbe(
  { recipe, tasks }: Pick<Deployment, 'recipe' | 'tasks'>,
  name: string,
  { base, adapted }: AdapterRequests,
): HttpProbe {
  const prompts = [...recipe.verify.prompts, ...furtherPrompts]
  return {
    id: `adapter-${folderName(name)}`,
    group: 'serve',
    title: `the adapter ${name} answers, and otherwise than the model alone`,
    required: true,
    request: adapted('Name one colour.', 8),
    expect: { type: 'json', status: 200, checks: [{ at: 'usage.completion_tokens', rule: 'positive' }] },
    differs: {
      pairs: prompts.map((prompt) => [base(prompt, comparedTokens), adapted(prompt, comparedTokens)]),
      at: tasks.includes('chat') ? 'choices.0.message.content' : 'choices.0.text',
      otherwise: `the adapter ${name} changes nothing`,
    },
    timeoutSeconds: 120,
  }
}

/**
 * A question under a name, as an adapter or a further model has one: a chat, or a text to go on with where the model has no chat template.
 * `beside` are further members of the body.
 */
export function namedQuestion(
  { tasks }: { tasks: readonly ModelTask[] },
  model: string,
  beside: ProbeRequest['body'] & object = {},
): (prompt: string, maxTokens: number) => ProbeRequest {
  const isChat = tasks.includes('chat')
  return (prompt, maxTokens) => ({
    method: 'POST',
    path: isChat ? '/v1/chat/completions' : '/v1/completions',
    body: { ...(isChat ? chatBody : completionBody)(model, prompt, maxTokens), ...beside },
  })
}

/** A further model is listed under its name. */
export function listedProbe(name: string, what: string, listed = name): HttpProbe {
  return {
    id: `listed-${folderName(name)}`,
    group: 'serve',
    title: `the list names the ${what} ${name}`,
    required: true,
    request: { method: 'GET', path: '/v1/models' },
    expect: { type: 'json', status: 200, checks: [{ at: 'data.*.id', rule: 'has', value: listed }] },
    timeoutSeconds: 10,
  }
}

/** What a further model is for: what its own files say. */
export function tasksOfPart({ pinned }: Pick<PlacedPart, 'pinned'>): readonly ModelTask[] {
  const { model: facts = null, gguf = null } = pinned ?? {}
  return tasksOfFiles({ facts, gguf, folder: null, modelfile: pinned?.weights.modelfile ?? null }).tasks
}

/** A further model does its own work under its name: it generates, makes vectors or ranks. */
export function furtherModelProbes(name: string, part: Pick<PlacedPart, 'pinned'>): HttpProbe[] {
  const tasks = tasksOfPart(part)
  if (tasks.includes('embedding')) {
    const dimension = part.pinned?.model?.hiddenSize
    // Both engines that serve further models bring what they say here to length 1.
    const vectors = { ...(dimension === undefined ? {} : { dimension }), normalized: true }
    return renamed(name, 'embeddings', embeddingProbes(name, vectors))
  }
  if (tasks.includes('rerank')) return renamed(name, 'rerank', rerankProbes(name, cohereRerank))
  return [generatingModelProbe(name, tasks)]
}

function renamed(name: string, from: string, probes: readonly HttpProbe[]): HttpProbe[] {
  return probes.map((probe) => ({
    ...probe,
    id: probe.id.replace(from, `model-${folderName(name)}`),
    title: `the model ${name}: ${probe.title}`,
  }))
}

function generatingModelProbe(name: string, tasks: readonly ModelTask[]): HttpProbe {
  return {
    id: `model-${folderName(name)}`,
    group: 'serve',
    title: `the model ${name} answers`,
    required: true,
    request: namedQuestion({ tasks }, name)('Name one colour.', 8),
    expect: {
      type: 'json',
      status: 200,
      checks: [
        { at: 'usage.completion_tokens', rule: 'positive' },
        { at: 'model', rule: 'equals', value: name },
      ],
    },
    timeoutSeconds: 120,
  }
}

/** A series of Prometheus that counts tokens of the drafter, asked after answers were given. */
export function draftMetricProbe(name: string): HttpProbe {
  return {
    id: 'drafter',
    group: 'metrics',
    title: 'tokens of the drafter are accepted',
    required: true,
    request: { method: 'GET', path: '/metrics' },
    expect: { type: 'text', status: 200, contains: [], positive: [name] },
    timeoutSeconds: 30,
  }
}

/** Tokens that a drafter guessed and the model took, in the answer itself. */
export function draftedProbe(accepted: JsonCheck, request: ProbeRequest): HttpProbe {
  return {
    id: 'drafter',
    group: 'serve',
    title: 'tokens of the drafter are accepted',
    required: true,
    request,
    expect: { type: 'json', status: 200, checks: [accepted] },
    timeoutSeconds: 300,
  }
}

/** Easy to guess, so that a drafter which works at all is right now and then. */
export const easyPrompt = 'Count from one to twenty in words.'
export const easyTokens = 32
