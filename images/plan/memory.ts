import { formatGiB } from '../../lib/bytes.ts'
import { optional } from '../../lib/optional.ts'
import type { Deployment } from '../engines/engine.ts'
import { PlanError } from '../error.ts'
import { cacheFormatOf } from '../memory/dtypes.ts'
import type { Batching } from '../memory/engine-plan.ts'
import { customGpu } from '../memory/gpus.ts'
import { planMemory } from '../memory/plan.ts'
import type { PredictedMemory } from '../memory/predicted.ts'
import type { MemoryRequest } from '../memory/request.ts'
import type { MemoryPlan, PlannedMemory } from '../memory/result.ts'

/** What the memory planner says of a recipe on its target GPU; null without a GPU or without facts of the model. */
export function deploymentMemory(deployment: Deployment): MemoryPlan | null {
  const { serving, target } = deployment.recipe
  const name = target.gpu ?? ''
  if (target.gpu !== undefined && deployment.gpu === null)
    return cannotTell(deployment, name, `the catalogue has no GPU "${name}"`)
  const request = requestOf(deployment)
  if (request === null) return null
  return isKnownCache(serving.kvCacheDtype)
    ? planMemory(deployment.engine, request)
    : cannotTell(deployment, request.gpu.name, `the size of a cache of type "${serving.kvCacheDtype}"`)
}

/** Unset and `auto` follow the model. */
function isKnownCache(kvCacheDtype: string | undefined): boolean {
  return kvCacheDtype === undefined || kvCacheDtype === 'auto' || cacheFormatOf(kvCacheDtype) !== undefined
}

/** A name that only newer tables have is no reason to refuse: the plan says that it does not know. */
function cannotTell({ recipe, version }: Deployment, gpu: string, missing: string): MemoryPlan {
  return {
    outcome: 'cannot-tell',
    engine: recipe.engine.id,
    engineVersion: version,
    gpu,
    fits: null,
    missing: [missing],
    assumptions: [],
    verdict: `cannot tell: ${missing}`,
    warnings: [],
    partial: null,
  }
}

/** Refuses a recipe that surely does not fit, with the numbers and the ways out. At the edge the plan only warns. */
export function refuseMisfit(name: string, memory: MemoryPlan | null): void {
  if (memory?.outcome !== 'planned' || memory.fits || !memory.certain) return
  throw new PlanError('refused', {
    attempted: `fit ${name} on ${memory.gpuCount} x ${memory.gpu}`,
    found: misfitWords(memory),
    hint: memory.advice.map(({ change, explanation }) => `${change}: ${explanation}`).join('; or '),
  })
}

/** The predicted parts for the report, to stand beside what the boot measured. */
export function predictedMemory(deployment: Deployment, memory: MemoryPlan | null): PredictedMemory | null {
  if (memory?.outcome === 'planned') return onGpu(memory)
  const { serving, target } = deployment.recipe
  const isForHost = deployment.gpu === null && target.gpu === undefined
  return isForHost && isKnownCache(serving.kvCacheDtype) ? onHost(deployment) : null
}

/** The result in one sentence, for run files; nothing where no GPU was planned for. */
export function memoryWords(memory: MemoryPlan | null): string[] {
  if (memory === null) return []
  if (memory.outcome === 'cannot-tell') return [`GPU memory: ${memory.verdict}.`]
  const { gpu, gpuCount, weightsBytes, kvTokens, maxModelLen, maxConcurrency, fits } = memory
  const sequences = Math.floor(maxConcurrency * 100) / 100
  return [
    `GPU memory: planned to ${fits ? 'fit' : 'miss'} ${gpuCount} x ${gpu}; ${formatGiB(weightsBytes)} of weights a GPU, cache for ${kvTokens} tokens = ${sequences} sequences of ${maxModelLen}.`,
  ]
}

/** The result as labels of the image, so that a scheduler can read it without the plan. */
export function memoryLabels(memory: MemoryPlan | null): Record<string, string> {
  if (memory === null) return {}
  if (memory.outcome === 'cannot-tell') return { 'dev.ingot.memory.fits': 'unknown' }
  return {
    'dev.ingot.memory.gpu': `${memory.gpuCount} x ${memory.gpu}`,
    'dev.ingot.memory.fits': String(memory.fits),
    'dev.ingot.memory.weights-bytes': String(memory.weightsBytes),
    'dev.ingot.memory.kv-tokens': String(memory.kvTokens),
    'dev.ingot.memory.max-model-len': String(memory.maxModelLenThatFits),
  }
}

function requestOf({ recipe, engine, version, gpu, facts }: Deployment): MemoryRequest | null {
  if (gpu === null || facts === null) return null
  const { serving, target } = recipe
  const { splits, batching } = engine.memory
  return {
    facts,
    engineVersion: version,
    gpu,
    tp: splits === 'layers' ? target.count : serving.tensorParallel,
    dtype: serving.dtype,
    ...optional('quantization', serving.quantization),
    ...optional('kvCacheDtype', serving.kvCacheDtype),
    ...optional('maxModelLen', contextOf(serving, batching)),
    ...optional('gpuMemoryUtilization', serving.gpuMemoryUtilization),
    ...optional('maxNumBatchedTokens', serving.maxPrefillTokens),
    ...(batching.type === 'slots' ? { parallel: serving.parallelism } : {}),
    ...(batching.type === 'pool' && serving.parallelism > 1 ? { maxNumSeqs: serving.parallelism } : {}),
  }
}

/** A recipe's context length is that of one sequence. */
function contextOf(serving: Deployment['recipe']['serving'], batching: Batching): number | undefined {
  const { contextLength, parallelism } = serving
  const isShared = batching.type === 'slots' && batching.contextOf === 'all'
  return contextLength === undefined || !isShared ? contextLength : contextLength * parallelism
}

function misfitWords({
  verdict,
  weightsBytes,
  kvBytesForOneSequence,
  limitBytes,
  overheadBytes,
}: PlannedMemory): string {
  const overhead = Object.values(overheadBytes).reduce((sum, part) => sum + part, 0)
  return `${verdict} (per GPU: limit ${formatGiB(limitBytes)}, weights ${formatGiB(weightsBytes)}, overhead ${formatGiB(overhead)}, cache of one sequence ${formatGiB(kvBytesForOneSequence)})`
}

function onGpu(plan: PlannedMemory): PredictedMemory {
  const { limitBytes, weightsBytes, overheadBytes, kvPoolBytes, roofline } = plan
  return {
    ...(roofline && {
      bound: {
        tokensPerSecond: roofline.decodeTokensPerSecondPerSequence,
        firstTokenMs: roofline.timeToFirstTokenSeconds * 1000,
        promptTokens: roofline.promptTokens,
      },
    }),
    of: 'gpu',
    limitBytes,
    parts: [
      { cause: 'weights', sizeBytes: weightsBytes },
      ...Object.entries(overheadBytes).map(([cause, sizeBytes]) => ({ cause, sizeBytes })),
      { cause: 'KV cache', sizeBytes: Math.max(0, kvPoolBytes) },
    ],
  }
}

/** An engine with slots maps the weights and reserves cache and compute buffer in the memory of the host. */
function onHost(deployment: Deployment): PredictedMemory | null {
  const { memory } = deployment.engine
  const request = requestOf({ ...deployment, gpu: customGpu('the host', 0) })
  if (request === null || memory.batching.type !== 'slots') return null
  const { allocatedBytes, overhead } = memory.plan(request)
  return {
    of: 'host',
    limitBytes: null,
    parts: [
      { cause: 'weights', sizeBytes: deployment.files.reduce((sum, file) => sum + file.sizeBytes, 0) },
      { cause: 'KV cache', sizeBytes: allocatedBytes ?? 0 },
      { cause: 'compute buffer', sizeBytes: overhead['computeBuffer'] ?? 0 },
    ],
  }
}
