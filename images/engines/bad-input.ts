import type { Json } from '../../lib/json.ts'
import type { HttpProbe, JsonCheck, ProbeRequest } from '../boot/probe.ts'
import { completionBody } from './completion-probes.ts'
import { embeddingBody } from './embedding-probes.ts'
import { chatBody, overlongRequest, overlongText } from './openai-probes.ts'
import { rerankBody } from './rerank-probes.ts'

/** What every server is asked wrongly. */
export const badInputCases = [
  'malformed-json',
  'missing-field',
  'empty-body',
  'unknown-model',
  'prompt-too-long',
  'negative-max-tokens',
  'wrong-method',
  'unknown-path',
] as const
export type BadInputCase = (typeof badInputCases)[number]

/**
 * How one engine answers: `sourced` was read in its source or its issues, `measured` was seen by booting it, and
 * `unconfirmed` is general knowledge, asked and shown but not required. `checks` null means any body.
 */
export type BadInputAnswer =
  | {
      type: 'answer'
      status: number
      checks: readonly JsonCheck[] | null
      trust: 'sourced' | 'measured' | 'unconfirmed'
    }
  | { type: 'not-asked'; reason: string }

/** One row for every case, so that an engine cannot forget one. */
export type BadInputTable = Readonly<Record<BadInputCase, BadInputAnswer>>

export function sourced(status: number, checks: readonly JsonCheck[] | null): BadInputAnswer {
  return { type: 'answer', status, checks, trust: 'sourced' }
}

export function measured(status: number, checks: readonly JsonCheck[] | null): BadInputAnswer {
  return { type: 'answer', status, checks, trust: 'measured' }
}

export function unconfirmed(status: number, checks: readonly JsonCheck[] | null = null): BadInputAnswer {
  return { type: 'answer', status, checks, trust: 'unconfirmed' }
}

/** OpenAI's own form of an error: a message and a type below `error`. */
export const nestedError: readonly JsonCheck[] = [
  { at: 'error.message', rule: 'text' },
  { at: 'error.type', rule: 'text' },
]

/** The same members at the top of the answer. */
export const flatError: readonly JsonCheck[] = [
  { at: 'object', rule: 'equals', value: 'error' },
  { at: 'message', rule: 'text' },
]

/** An answer that was given in spite of the fault. */
export const answered: readonly JsonCheck[] = [{ at: 'usage.completion_tokens', rule: 'positive' }]

/** How the endpoint of a task is asked. */
interface QuestionForm {
  path: string
  missing: string
  endpoint: string
  body(model: string): { [key: string]: Json }
  /** The member of the body that a long text is put into; absent for a chat's first message. */
  textIn?: string
}

/** Tasks whose endpoint is asked wrongly. */
export type AskedTask = 'chat' | 'completion' | 'embedding' | 'rerank'

const forms: Readonly<Record<AskedTask, QuestionForm>> = {
  chat: {
    path: '/v1/chat/completions',
    missing: 'a chat without messages',
    endpoint: 'the chat endpoint',
    body: (model) => chatBody(model, 'Hello', 1),
  },
  completion: {
    path: '/v1/completions',
    missing: 'a completion without a prompt',
    endpoint: 'the completion endpoint',
    body: (model) => completionBody(model, 'Hello', 1),
    textIn: 'prompt',
  },
  embedding: {
    path: '/v1/embeddings',
    missing: 'an embedding without input',
    endpoint: 'the embedding endpoint',
    body: (model) => embeddingBody(model, 'Hello'),
    textIn: 'input',
  },
  rerank: {
    path: '/v1/rerank',
    missing: 'a reranking without documents',
    endpoint: 'the reranking endpoint',
    body: rerankBody,
    textIn: 'query',
  },
}

/** Only what generates has a number of tokens to get wrong. */
const ofGeneration: readonly BadInputCase[] = ['negative-max-tokens']

function wordsOf(id: BadInputCase, { missing, endpoint }: QuestionForm): string {
  const words: Readonly<Record<BadInputCase, string>> = {
    'malformed-json': 'malformed JSON',
    'missing-field': missing,
    'empty-body': 'an empty body',
    'unknown-model': 'a model that is not there',
    'prompt-too-long': 'a prompt longer than the context',
    'negative-max-tokens': 'a negative number of tokens',
    'wrong-method': `GET on ${endpoint}`,
    'unknown-path': 'a path that is not there',
  }
  return words[id]
}

export interface BadInputSubject {
  model: string
  /** Tokens that no prompt may reach. */
  contextLength: number
  /** False where the engine chooses it: it may take more than the model declares, and then a long prompt is right. */
  isSet: boolean
  task: AskedTask
}

/** The questions of a table, in the order of the cases. */
export function badInputProbes(table: BadInputTable, subject: BadInputSubject): HttpProbe[] {
  const form = forms[subject.task]
  const isGeneration = subject.task === 'chat' || subject.task === 'completion'
  return badInputCases.flatMap((id) => {
    const answer = table[id]
    if (!isGeneration && ofGeneration.includes(id)) return []
    if (answer.type === 'not-asked') return []
    const { status, checks, trust } = answer
    return [
      {
        id,
        group: 'bad-input',
        title: `${wordsOf(id, form)} gets ${status}`,
        required: trust !== 'unconfirmed' && (id !== 'prompt-too-long' || subject.isSet),
        request: requestFor(id, form, subject),
        expect:
          checks === null
            ? { type: 'text', status, contains: [] }
            : { type: 'json', status, checks: [...checks] },
        timeoutSeconds: 120,
      } satisfies HttpProbe,
    ]
  })
}

function requestFor(id: BadInputCase, form: QuestionForm, subject: BadInputSubject): ProbeRequest {
  const { model, contextLength } = subject
  const { path } = form
  switch (id) {
    case 'malformed-json':
      return { method: 'POST', path, raw: '{"model": ' }
    case 'missing-field':
      return { method: 'POST', path, body: { model } }
    case 'empty-body':
      return { method: 'POST', path, raw: '' }
    case 'unknown-model':
      return { method: 'POST', path, body: form.body('no-such-model') }
    case 'prompt-too-long':
      return form.textIn === undefined
        ? overlongRequest(model, contextLength)
        : { method: 'POST', path, body: form.body(model), prompt: overlongText(contextLength, form.textIn) }
    case 'negative-max-tokens':
      return { method: 'POST', path, body: { ...form.body(model), max_tokens: -1 } }
    case 'wrong-method':
      return { method: 'GET', path }
    case 'unknown-path':
      return { method: 'GET', path: '/no/such/path' }
  }
}
