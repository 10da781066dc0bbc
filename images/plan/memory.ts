import { formatBytes, formatGiB } from '../../lib/bytes.ts'
import { optional } from '../../lib/optional.ts'
import { totalBytes } from '../../recipes/locked-weights.ts'
import { partTitle } from '../../recipes/parts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { Deployment } from '../engines/engine.ts'
import { askedOf } from '../engines/ranks.ts'
import { generates } from '../engines/tasks.ts'
import { PlanError } from '../error.ts'
import { bitsOfMethod, cacheFormatOf } from '../memory/dtypes.ts'
import type { Batching } from '../memory/engine-plan.ts'
import { customGpu } from '../memory/gpus.ts'
import { planMemory } from '../memory/plan.ts'
import type { PredictedMemory } from '../memory/predicted.ts'
import type { MemoryRequest } from '../memory/request.ts'
import type { MemoryPlan, PlannedMemory } from '../memory/result.ts'
import { type UncountedFlag, withUncounted } from '../memory/uncounted.ts'
import { labelNames } from '../oci/label-names.ts'

/** What the memory planner says of a recipe on its target GPU; null without a GPU or without facts of the model. */
export function deploymentMemory(deployment: Deployment): MemoryPlan | null {
  const { serving, target } = deployment.recipe
  const name = target.gpu ?? ''
  if (target.gpu !== undefined && deployment.gpu === null)
    return cannotTell(deployment, name, `the catalogue has no GPU "${name}"`)
  const request = requestOf(deployment)
  if (request === null) return null
  if (isKnownCache(serving.kvCacheDtype)) return overruled(deployment, planAsked(deployment, request))
  return cannotTell(deployment, request.gpu.name, `the size of a cache of type "${serving.kvCacheDtype}"`)
}

/** The plan with what the recipe's own arguments say, which it names. */
function planAsked(deployment: Deployment, request: MemoryRequest): MemoryPlan {
  const { read, uncounted, request: asked } = askedOf(deployment)
  const plan = planMemory(deployment.engine, request)
  const hasAll = (asked.dp ?? 1) > 1 && deployment.engine.memory.spreadsExperts !== true
  const spread = hasAll && request.facts.experts ? [expertsOverCopies] : []
  const words = read.length === 0 ? [] : [`counted from the command line: ${read.join(', ')}`]
  const bits = packsUnknown(request) ? [unknownBits(request.quantization ?? '')] : []
  return withUncounted({ ...plan, warnings: [...plan.warnings, ...words] }, [
    ...uncounted,
    ...uncountedParts(deployment),
    ...spread,
    ...bits,
  ])
}

/** Of what lies beside a model only the size of its files is known: its cache and buffers follow from each server's own rules. */
function uncountedParts({ parts }: Deployment): UncountedFlag[] {
  return parts.map(({ part, files }, index) => ({
    flag: `parts.${index}`,
    effect: 'more',
    what: `the ${partTitle(part)}${files.length === 0 ? '' : `, ${formatBytes(totalBytes(files))} of files, and what it computes with`}`,
  }))
}

/** Whether the server packs whole weights by a method whose bits nobody here knows. */
function packsUnknown({ quantization, facts }: MemoryRequest): boolean {
  if (quantization === undefined || facts.quantization || facts.source === 'gguf') return false
  return bitsOfMethod(quantization) === undefined
}

function unknownBits(name: string): UncountedFlag {
  return {
    flag: `serving.quantization ${name}`,
    effect: 'less',
    what: 'weights that are packed at the start',
  }
}

function overruledWords(
  fit: Recipe['target']['fit'],
  { fits, verdict }: PlannedMemory,
): { overruled?: string } {
  return fit === 'warn' && !fits ? { overruled: verdict } : {}
}

const expertsOverCopies = {
  flag: 'data parallel',
  effect: 'less',
  what: 'experts that are spread over all copies',
} as const

/** With `target.fit: warn` the answer stands in plan, labels and report, and stops nothing. */
function overruled({ recipe }: Deployment, plan: MemoryPlan): MemoryPlan {
  if (recipe.target.fit !== 'warn' || plan.outcome !== 'planned' || plan.fits) return plan
  return { ...plan, warnings: [...plan.warnings, 'target.fit is `warn`: the recipe goes on all the same'] }
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
export function refuseMisfit({ name, target }: Recipe, memory: MemoryPlan | null): void {
  if (memory?.outcome !== 'planned' || memory.fits || !memory.certain || target.fit === 'warn') return
  const ways = memory.advice.map(({ change, explanation }) => `${change}: ${explanation}`)
  throw new PlanError('refused', {
    attempted: `fit ${name} on ${memory.gpuCount} x ${memory.gpu}`,
    found: misfitWords(memory),
    hint: [...ways, 'set target.fit to warn if you know better'].join('; or '),
  })
}

/** The predicted parts for the report, to stand beside what the boot measured. */
export function predictedMemory(deployment: Deployment, memory: MemoryPlan | null): PredictedMemory | null {
  const { serving, target } = deployment.recipe
  if (memory?.outcome === 'planned') return { ...onGpu(memory), ...overruledWords(target.fit, memory) }
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
  if (memory.outcome === 'cannot-tell') return { [labelNames.memoryFits]: 'unknown' }
  return {
    [labelNames.memoryGpu]: `${memory.gpuCount} x ${memory.gpu}`,
    [labelNames.memoryFits]: memory.uncounted === undefined ? String(memory.fits) : 'unknown',
    [labelNames.memoryWeights]: String(memory.weightsBytes),
    [labelNames.memoryTokens]: String(memory.kvTokens),
    [labelNames.memoryLength]: String(memory.maxModelLenThatFits),
  }
}

function requestOf({ recipe, engine, version, gpu, facts, tasks }: Deployment): MemoryRequest | null {
  if (gpu === null || facts === null) return null
  const { serving, target } = recipe
  const { splits, batching } = engine.memory
  return {
    facts,
    engineVersion: version,
    gpu,
    ...(generates(tasks) ? {} : { pools: true }),
    tp: splits === 'layers' ? target.count : serving.tensorParallel,
    dtype: serving.dtype,
    ...optional('quantization', serving.quantization),
    ...optional('kvCacheDtype', serving.kvCacheDtype),
    ...optional('maxModelLen', contextOf(serving, batching)),
    ...optional('gpuMemoryUtilization', serving.gpuMemoryUtilization),
    ...optional('maxNumBatchedTokens', serving.maxPrefillTokens),
    ...(batching.type === 'slots' ? { parallel: serving.parallelism } : {}),
    ...(batching.type === 'pool' && serving.parallelism > 1 ? { maxNumSeqs: serving.parallelism } : {}),
    ...askedOf({ recipe, engine }).request,
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
      ...deployment.parts.map(({ part, files }) => ({
        cause: partTitle(part),
        sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
      })),
      { cause: 'KV cache', sizeBytes: allocatedBytes ?? 0 },
      { cause: 'compute buffer', sizeBytes: overhead['computeBuffer'] ?? 0 },
    ],
  }
}
