import type { Behaviour, GpuRules, HttpProbe, StopRules } from '../../boot/probe.ts'
import { type BadInputTable, measured, nestedError } from '../bad-input.ts'
import { batchChecks, sentences } from '../embedding-probes.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import {
  healthPage,
  metricsPage,
  ofGeneration,
  openAiBehaviour,
  usualRefusals,
  vectorsOf,
  versionProbe,
} from '../openai-server.ts'
import { cohereRerank, nativeRerankProbe, ranking } from '../rerank-probes.ts'
import { partProbes } from './parts.ts'

export function behaviour(deployment: Deployment): Behaviour {
  const model = deployment.recipe.model.name
  return openAiBehaviour(deployment, {
    pages: [healthPage(deployment.engine)],
    native: {
      ...ofGeneration([versionProbe(), tokenize(model), metricsPage(['vllm:'])]),
      embedding: [
        versionProbe(),
        tokenize(model),
        pooling(deployment),
        nearness(model),
        metricsPage(['vllm:']),
      ],
      rerank: [
        versionProbe(),
        tokenize(model),
        score(model),
        nativeRerank(model),
        classify(model),
        metricsPage(['vllm:']),
      ],
    },
    // Measured with 0.32.0 on a CPU, as its source and issues say.
    parts: partProbes(deployment),
    badInput,
    wrongOf: { embedding: pooledBadInput, rerank: pooledBadInput },
    // They only end a wait early; the second is unconfirmed.
    failureLines: ['EngineCore failed to start', 'Engine core initialization failed', 'uid not found'],
    gpu: gpuRules(deployment),
    stop,
  })
}

/** Whether a request gets its end before the reader goes is a race; two boots with a stream under way lost it, at a load of 16. */
const waitsForClients =
  'vllm/v1/engine/async_llm.py and launcher.py of 0.32.0: the reader of the engine is cancelled, and the HTTP server waits without a limit for a request that gets no answer any more'

/**
 * Both runners of models for GPUs say what the weights took, and the one for CPUs, which replaces that step, says its own name
 * (v1/worker/gpu_model_runner.py, gpu/model_runner.py, cpu_model_runner.py and v1/core/kv_cache_utils.py of 0.31.0 and 0.33.0). A
 * recipe may silence the level of both.
 */
function gpuRules({ recipe }: Deployment): GpuRules {
  const { VLLM_LOGGING_LEVEL: level = 'INFO', ...set } = recipe.serving.environment
  const speaks =
    ['INFO', 'DEBUG'].includes(level.toUpperCase()) &&
    set['VLLM_CONFIGURE_LOGGING'] !== '0' &&
    set['VLLM_LOGGING_CONFIG_PATH'] === undefined
  return {
    cpuLines: ['\\[cpu_model_runner\\.py:\\d+\\]', 'CPU KV cache size: '],
    gpuLines: speaks ? ['Model loading took [\\d.]+ GiB memory'] : [],
    probes: [],
  }
}

/** Measured with 0.32.0 on a CPU, and read in its source (docs/decisions/056-an-init-for-llama-cpp.md). */
const stop: StopRules = {
  signal: 'SIGTERM',
  timeoutSeconds: 30,
  exitCodes: [0],
  busy: {
    loading: {
      type: 'deaf',
      source:
        'vLLM takes the signal while its engine starts and forgets it (measured, 0.32.0: the server came up and was there after 231 s)',
    },
    streaming: { type: 'ends-without-client', exitCodes: [0], source: waitsForClients },
    plain: { type: 'ends-without-client', exitCodes: [0], source: waitsForClients },
  },
}

const badInput: BadInputTable = {
  ...usualRefusals(measured, nestedError),
  'unknown-model': measured(404, [{ at: 'error.type', rule: 'equals', value: 'NotFoundError' }]),
  'prompt-too-long': measured(400, nestedError),
  'negative-max-tokens': measured(400, nestedError),
}

/** Its pooling routes share the handlers of its chat (entrypoints/pooling/base/serving.py and exception_handling of 0.32.0; measured on a CPU). */
const pooledBadInput: BadInputTable = {
  ...usualRefusals(measured, nestedError),
  'unknown-model': measured(404, nestedError),
  'prompt-too-long': measured(400, nestedError),
  'negative-max-tokens': { type: 'not-asked', reason: 'nothing is generated' },
}

/** What the pooler gives, as it is. */
function pooling(deployment: Deployment): HttpProbe {
  const { dimension } = vectorsOf(deployment, {})
  return nativeProbe(
    {
      id: 'pooling',
      title: 'the native pooling gives vectors of related texts that are near',
      request: {
        method: 'POST',
        path: '/pooling',
        body: { model: deployment.recipe.model.name, input: sentences },
      },
    },
    batchChecks({
      at: 'data.*.data',
      vectors: { ...(dimension === undefined ? {} : { dimension }), normalized: false },
    }),
  )
}

/** A cross-encoder scores a pair itself, as it was taught to: a query with a document. */
function score(model: string): HttpProbe {
  const { query, documents, answering } = ranking
  return scored(model, { first: query, others: documents, nearest: answering })
}

/** Of an embedder vLLM takes the cosine. */
function nearness(model: string): HttpProbe {
  const [first, second, third] = sentences
  return scored(model, { first, others: [third, second], nearest: 1 })
}

function scored(
  model: string,
  { first, others, nearest }: { first: string; others: readonly string[]; nearest: number },
): HttpProbe {
  const body = { model, text_1: first, text_2: others }
  return nativeProbe(
    {
      id: 'score',
      title: 'the native scores put related texts first',
      request: { method: 'POST', path: '/score', body },
    },
    [{ at: 'data', rule: 'ranked', first: nearest, scoreAt: 'score', count: others.length }],
  )
}

/** The same endpoint under its native name. */
function nativeRerank(model: string): HttpProbe {
  return nativeRerankProbe(model, { ...cohereRerank, path: '/rerank' })
}

/** A classifier of one label gives its score here as well. */
function classify(model: string): HttpProbe {
  return nativeProbe(
    {
      id: 'classify',
      title: 'the native classification gives a share for each class',
      request: { method: 'POST', path: '/classify', body: { model, input: sentences } },
    },
    [
      { at: 'data.2.probs.0', rule: 'exists' },
      { at: 'data.0.num_classes', rule: 'positive' },
    ],
  )
}

function tokenize(model: string): HttpProbe {
  return nativeProbe(
    {
      id: 'tokenize',
      title: 'the native tokenizer counts',
      request: { method: 'POST', path: '/tokenize', body: { model, prompt: 'Hello world' } },
    },
    [
      { at: 'count', rule: 'positive' },
      { at: 'tokens.0', rule: 'exists' },
    ],
  )
}
