import type { Behaviour, HttpProbe, StopRules } from '../../boot/probe.ts'
import { atLeast } from '../../memory/versions.ts'
import { answered, type BadInputTable, measured, nestedError, unconfirmed } from '../bad-input.ts'
import { batchChecks, sentences } from '../embedding-probes.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe, textProbe } from '../openai-probes.ts'
import {
  type OwnBehaviour,
  openAiBehaviour,
  usualRefusals,
  vectorsOf,
  versionProbe,
} from '../openai-server.ts'
import { freeCall, offeredTool } from '../skill-probes.ts'
import { structured } from '../structured-probes.ts'
import { generates } from '../tasks.ts'
import { offers, runsJinja } from './chat-form.ts'
import { usualContextLength } from './command.ts'
import { gpuRules, loaded } from './loaded.ts'
import { serverSince } from './memory.ts'
import { partProbes } from './parts.ts'

export function behaviour(deployment: Deployment): Behaviour {
  const model = deployment.recipe.model.name
  const listed = model.includes(':') ? model : `${model}:latest`
  return openAiBehaviour(deployment, {
    listed,
    contextLength: usualContextLength,
    pages: [
      textProbe({ id: 'root', group: 'native', title: 'the first page says it runs', path: '/' }, [
        'Ollama is running',
      ]),
      versionProbe(deployment.engine.healthPath),
      tags(listed),
    ],
    native: nativeProbes(deployment, listed),
    parts: partProbes(deployment),
    wrongOf: { embedding: embeddingBadInput },
    normalizes: 'always',
    // The body that it reads has no `tool_choice` (openai/openai.go of 0.32.15).
    forcesCalls: false,
    badInput: runsJinja(deployment) ? badInputOfJinja : badInput,
    failureLines: ['Error: listen', 'Error: could not create directory', 'Error: open '],
    gpu: gpuRules(listed),
    stop: stopRules(atLeast(deployment.version, serverSince)),
  })
}

function nativeProbes(deployment: Deployment, listed: string): NonNullable<OwnBehaviour['native']> {
  const { recipe, tasks } = deployment
  const model = recipe.model.name
  const inMemory = loaded(listed, 'loaded', 'the model is loaded', { at: 'models.0.size', rule: 'positive' })
  return {
    chat: [generate(model), nativeStream(model), inMemory, ...capabilities(model, offers(deployment))],
    completion: [generate(model), inMemory],
    embedding: [embed(deployment), ...(generates(tasks) ? [] : [inMemory])],
    tools: [nativeTools(model)],
    structured: [nativeFormat(model)],
  }
}

/**
 * The listener closes without waiting for answers under way. Measured with 0.17.4 and 0.32.15, which starts a llama-server, on a
 * CPU.
 */
function stopRules(startsServer: boolean): StopRules {
  const ends = { type: 'ends', exitCodes: [0] } as const
  const busy = {
    loading: { ...ends, line: startsServer ? 'starting llama-server' : 'starting runner', onDemand: true },
    streaming: ends,
    plain: ends,
  } as const
  return { signal: 'SIGTERM', timeoutSeconds: 15, exitCodes: [0], busy }
}

/** Measured with 0.17.4 and 0.32.15 on a CPU. */
const badInput: BadInputTable = {
  ...usualRefusals(measured, nestedError),
  'unknown-model': measured(404, nestedError),
  // Cut to the context without a word.
  'prompt-too-long': measured(200, answered),
  'negative-max-tokens': {
    type: 'not-asked',
    reason: 'it means no limit here: the answer ends at ten times the context',
  },
}

/** Where Ollama runs the GGUF's own template, its llama-server gets the prompt whole and is expected to refuse it. */
const badInputOfJinja: BadInputTable = { ...badInput, 'prompt-too-long': unconfirmed(400) }

/** Measured with 0.17.4 and 0.32.15: a text that is too long is cut without a word, as that of a chat is. */
const embeddingBadInput: BadInputTable = {
  ...usualRefusals(measured, nestedError),
  'unknown-model': measured(404, nestedError),
  'prompt-too-long': measured(200, null),
  'negative-max-tokens': { type: 'not-asked', reason: 'nothing is generated' },
}

function embed(deployment: Deployment): HttpProbe {
  const vectors = vectorsOf(deployment, { normalizes: 'always' })
  return nativeProbe(
    {
      id: 'embed',
      title: 'the native endpoint embeds as well',
      request: {
        method: 'POST',
        path: '/api/embed',
        body: { model: deployment.recipe.model.name, input: sentences },
      },
    },
    batchChecks({ at: 'embeddings.*', vectors }),
  )
}

/** Arguments of its own calls are an object, and not a text as OpenAI's are. */
function nativeTools(model: string): HttpProbe {
  const { tools, question, mostTokens } = offeredTool
  return nativeProbe(
    {
      id: 'native-tools',
      title: 'the native chat calls a function that it is offered, or answers',
      request: {
        method: 'POST',
        path: '/api/chat',
        body: { ...nativeChat(model, question, mostTokens), stream: false, tools },
      },
    },
    [{ at: 'message', rule: 'exists' }, { at: 'done', rule: 'equals', value: true }, freeCall('', 'object')],
  )
}

function nativeFormat(model: string): HttpProbe {
  const { schema, question, mostTokens } = structured
  return nativeProbe(
    {
      id: 'native-format',
      title: 'the native chat answers in JSON that its schema accepts',
      request: {
        method: 'POST',
        path: '/api/chat',
        body: { ...nativeChat(model, question, mostTokens), stream: false, format: schema },
      },
    },
    [{ at: 'message.content', rule: 'schema', schema }],
  )
}

function nativeChat(model: string, content: string, tokens: number) {
  return { model, messages: [{ role: 'user', content }], options: { num_predict: tokens, temperature: 0 } }
}

function tags(listed: string): HttpProbe {
  return nativeProbe(
    { id: 'tags', title: 'the store holds the model', request: { method: 'GET', path: '/api/tags' } },
    [{ at: 'models.*.name', rule: 'has', value: listed }],
  )
}

function generate(model: string): HttpProbe {
  const body = {
    model,
    prompt: 'The capital of France is',
    stream: false,
    options: { num_predict: 8, temperature: 0 },
  }
  return nativeProbe(
    {
      id: 'generate',
      title: 'the native endpoint answers',
      request: { method: 'POST', path: '/api/generate', body },
    },
    [
      { at: 'response', rule: 'text' },
      { at: 'done', rule: 'equals', value: true },
      { at: 'eval_count', rule: 'positive' },
    ],
  )
}

function nativeStream(model: string): HttpProbe {
  return {
    id: 'native-stream',
    group: 'native',
    title: 'the native chat arrives as JSON lines and says that it is done',
    required: true,
    request: {
      method: 'POST',
      path: '/api/chat',
      body: nativeChat(model, 'Count from one to five.', 24),
    },
    expect: {
      type: 'json-lines',
      status: 200,
      lastLine: [
        { at: 'done', rule: 'equals', value: true },
        { at: 'done_reason', rule: 'text' },
        { at: 'eval_count', rule: 'positive' },
      ],
      textAt: ['message.content'],
    },
    timeoutSeconds: 120,
  }
}

/** Ollama refuses what it does not find in the template. It is only told, since it guesses from words in a Jinja text. */
function capabilities(model: string, names: readonly string[]): HttpProbe[] {
  if (names.length === 0) return []
  const probe = nativeProbe(
    {
      id: 'capabilities',
      title: `the model offers ${names.join(' and ')}`,
      request: { method: 'POST', path: '/api/show', body: { model } },
    },
    names.map((value) => ({ at: 'capabilities.*', rule: 'has', value })),
  )
  return [{ ...probe, required: false }]
}
