import semver from 'semver'
import type { Behaviour, GpuRules, HttpProbe, JsonCheck } from '../../boot/probe.ts'
import { answered, type BadInputTable, measured, nestedError, sourced, unconfirmed } from '../bad-input.ts'
import { batchChecks, sentences } from '../embedding-probes.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import { metricsPage, openAiBehaviour, vectorsOf } from '../openai-server.ts'
import { cohereRerank, nativeRerankProbe } from '../rerank-probes.ts'
import { generates } from '../tasks.ts'
import { driversOf } from '../vulkan-drivers.ts'
import { gpuLayersOf } from './command.ts'
import { machines } from './machines.ts'
import { partProbes } from './part-probes.ts'
import { hasRouter, ofModel } from './parts.ts'
import { rocmRules } from './rocm.ts'
import { stopAlone, stopByInit } from './stop.ts'

export function behaviour(deployment: Deployment): Behaviour {
  const generating = [completion(deployment), metrics(deployment)]
  return openAiBehaviour(deployment, {
    pages: [health(deployment.engine)],
    native: {
      chat: generating,
      completion: generating,
      // Beside a chat the page of metrics is asked already.
      embedding: [embedding(deployment), ...(generates(deployment.tasks) ? [] : [ownMetrics])],
      // The same endpoint under its native name.
      rerank: [
        nativeRerankProbe(deployment.recipe.model.name, { ...cohereRerank, path: '/rerank' }),
        ownMetrics,
      ],
    },
    parts: partProbes(deployment),
    badInput: badInput(deployment),
    wrongOf: { embedding: pooledBadInput(500), rerank: pooledBadInput(500) },
    // Grammars make schemas certain (measured with 0.7.0).
    answersToSchemas: true,
    streamsSkills: true,
    // What is said to /v1/embeddings is brought to length 1, and to /embedding as well (measured with 0.7.0).
    normalizes: 'always',
    failureLines: [
      'error loading model',
      'failed to load model',
      'error while loading shared libraries',
      ...(deployment.recipe.serving.nodes > 1 ? machines.failureLines : []),
    ],
    gpu: {
      ...offloadLines(gpuLayersOf(deployment)),
      probes: [],
      ...(deployment.runtime.device === 'vulkan' ? vulkanRules(deployment) : {}),
      ...(deployment.runtime.device === 'rocm' ? rocmRules : {}),
    },
    stop: deployment.init.length > 0 ? stopByInit : stopAlone,
  })
}

/**
 * `load_tensors: offloaded 33/33 layers to GPU`: fewer than all leave the rest to the CPU, unless the recipe asks for fewer. A
 * build without a device says that none was found.
 */
function offloadLines(asked: string | null): { cpuLines: string[]; gpuLines: string[] } {
  const none = 'no usable GPU found'
  if (asked === null || !/^[1-9]\d*$/.test(asked))
    return {
      cpuLines: ['offloaded (\\d+)/(?!\\1\\b)\\d+ layers', none],
      gpuLines: ['offloaded (\\d+)/\\1 layers to GPU'],
    }
  // More than the model has are all of them.
  const reached = `offloaded (${asked}/\\d+|(\\d+)/\\2) layers to GPU`
  return { cpuLines: [`offloaded (?!${asked}/)(\\d+)/(?!\\1\\b)\\d+ layers`, none], gpuLines: [reached] }
}

/** `load_tensors:      Vulkan0 model buffer size =    92.10 MiB`, and the same of cache and computation. */
function vulkanRules({ recipe, gpu }: Deployment): Partial<GpuRules> {
  return {
    deviceLine: 'using device (?<device>Vulkan\\d+ \\(.*\\)) \\(',
    bufferLines: '(?<device>Vulkan\\d+) +\\w+ buffer size = +(?<mib>[\\d.]+) MiB',
    ...(driversOf(recipe, gpu).includes('software') ? { software: softwareDevice } : {}),
  }
}

const softwareDevice = {
  variables: { GGML_VK_VISIBLE_DEVICES: '0' },
  source: 'ggml leaves a device of type CPU alone unless it is named (measured, 0.7.0)',
}

function health({ healthPath }: Deployment['engine']): HttpProbe {
  return nativeProbe(
    { id: 'health', title: 'the health page says ok', request: { method: 'GET', path: healthPath } },
    [{ at: 'status', rule: 'equals', value: 'ok' }],
  )
}

function completion(deployment: Deployment): HttpProbe {
  const named = hasRouter(deployment) ? { model: deployment.recipe.model.name } : {}
  const body = { ...named, prompt: 'Once upon a time', n_predict: 8, temperature: 0 }
  return nativeProbe(
    {
      id: 'completion',
      title: 'the native completion answers and counts tokens',
      request: { method: 'POST', path: '/completion', body },
    },
    [
      { at: 'content', rule: 'text' },
      { at: 'stop', rule: 'equals', value: true },
      { at: 'tokens_evaluated', rule: 'positive' },
    ],
  )
}

/** The native endpoint has a list of vectors for each text: one, where they are pooled. */
function embedding(deployment: Deployment): HttpProbe {
  const vectors = vectorsOf(deployment, { normalizes: 'always' })
  return nativeProbe(
    {
      id: 'embedding',
      title: 'the native endpoint embeds as well',
      request: { method: 'POST', path: '/embedding', body: { content: sentences } },
    },
    batchChecks({ at: '*.embedding.0', vectors }),
  )
}

/** A server that pools generates no token, and its page counts prompts alone. */
const ownMetrics = metricsPage(['llamacpp:prompt_tokens_total'])

function metrics(deployment: Deployment): HttpProbe {
  const names = ['llamacpp:prompt_tokens_total', 'llamacpp:tokens_predicted_total']
  const page = metricsPage(names)
  return { ...page, request: { ...page.request, path: `/metrics${ofModel(deployment)}` } }
}

/** Release 0.7.0 answers 400 (measured with Debian's package); numbered builds up to b11243 were seen to answer 500. */
function badInput(deployment: Deployment): BadInputTable {
  const { version } = deployment
  const malformed = semver.major(version) >= 1000 ? 500 : 400
  return {
    'malformed-json': measured(malformed, nestedError),
    'missing-field': measured(400, nestedError),
    'empty-body': unconfirmed(malformed, nestedError),
    // A server of one model takes any name; a router does not.
    'unknown-model': hasRouter(deployment) ? measured(400, nestedError) : sourced(200, answered),
    'prompt-too-long': measured(400, [
      ...nestedError,
      { at: 'error.type', rule: 'equals', value: 'exceed_context_size_error' },
      ...contextChecks(deployment),
    ]),
    'negative-max-tokens': {
      type: 'not-asked',
      reason: 'it means no limit here: the answer ends with the context',
    },
    'wrong-method': measured(404, nestedError),
    'unknown-path': unconfirmed(404, nestedError),
  }
}

/**
 * The server quietly takes the context that the model declares in place of a longer one (measured with 0.7.0), and says in its refusal
 * which it has. It rounds up to 256 tokens, so another length is not held.
 */
function contextChecks({ recipe }: Deployment): JsonCheck[] {
  const { contextLength } = recipe.serving
  if (contextLength === undefined || contextLength % 256 !== 0) return []
  return [{ at: 'error.n_ctx', rule: 'equals', value: contextLength }]
}

/** Of embedding and reranking, measured with 0.7.0. A text must fit into one batch, and a longer one is a fault of the server. */
function pooledBadInput(tooLong: number): BadInputTable {
  return {
    'malformed-json': measured(400, nestedError),
    'missing-field': measured(400, nestedError),
    'empty-body': measured(400, nestedError),
    'unknown-model': measured(200, [{ at: 'usage.prompt_tokens', rule: 'positive' }]),
    'prompt-too-long': measured(tooLong, nestedError),
    'negative-max-tokens': { type: 'not-asked', reason: 'nothing is generated' },
    'wrong-method': measured(404, nestedError),
    'unknown-path': measured(404, nestedError),
  }
}
