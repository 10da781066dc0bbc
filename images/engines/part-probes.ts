import { folderName } from '../../recipes/parts.ts'
import type { HttpProbe, JsonCheck, ProbeRequest } from '../boot/probe.ts'
import type { Deployment } from './engine.ts'
import { chatBody } from './openai-probes.ts'

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
  { recipe }: Pick<Deployment, 'recipe'>,
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
      at: 'choices.0.message.content',
      otherwise: `the adapter ${name} changes nothing`,
    },
    timeoutSeconds: 120,
  }
}

/** A chat under a name, as an adapter or a further model has one. */
export function namedChat(model: string): (prompt: string, maxTokens: number) => ProbeRequest {
  return (prompt, maxTokens) => ({
    method: 'POST',
    path: '/v1/chat/completions',
    body: chatBody(model, prompt, maxTokens),
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

/** A further model generates under its name. */
export function furtherModelProbe(name: string): HttpProbe {
  return {
    id: `model-${folderName(name)}`,
    group: 'serve',
    title: `the model ${name} answers`,
    required: true,
    request: namedChat(name)('Name one colour.', 8),
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
