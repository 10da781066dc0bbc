import { formatGiB } from '../../lib/bytes.ts'
import type { MemoryRules } from './engine-plan.ts'
import { gpus } from './gpus.ts'
import type { MemoryRequest } from './request.ts'
import type { Advice, PlannedMemory } from './result.ts'

/** What did not surely fit, and how a change of it is planned. */
interface Misfit {
  request: MemoryRequest
  rules: MemoryRules
  evaluate(request: MemoryRequest): PlannedMemory
}

interface Change {
  change: string
  option: string | null
  request: MemoryRequest
}

/**
 * Ways out that were planned again and fit, the cheapest first: a shorter context, a smaller cache, smaller batches,
 * more of the GPU, packed weights, more GPUs, a larger GPU. At most one of each sort; fewer than three only where
 * fewer exist.
 */
export function adviceFor(misfit: Misfit): Advice[] {
  const sorts = [shorter, smallerCache, smallerBatch, moreOfTheGpu, packedWeights, moreGpus, largerGpu]
  return sorts.flatMap((sort) => {
    for (const change of sort(misfit)) {
      const plan = attempt({ ...misfit, request: change.request })
      if (plan?.fits && plan.spareBytes >= safetyBytes(plan)) return [adviceOf(change, plan)]
    }
    return []
  })
}

/** A way out must clear the edge that the first answer stumbled on; a shorter context is fitted to the pool itself. */
function safetyBytes(plan: PlannedMemory): number {
  return plan.maxModelLen === plan.maxModelLenThatFits ? 0 : Math.min(512 * 1024 ** 2, plan.limitBytes * 0.02)
}

function attempt({ request, evaluate }: Misfit): PlannedMemory | undefined {
  try {
    return evaluate(request)
  } catch {
    // A change the engine would refuse, such as heads that do not divide, is simply no way out.
    return undefined
  }
}

function adviceOf({ change, option }: Change, plan: PlannedMemory): Advice {
  return {
    change,
    option,
    kvPoolBytes: plan.kvPoolBytes,
    kvTokens: plan.kvTokens,
    maxModelLen: plan.maxModelLen,
    explanation: `${formatGiB(plan.kvPoolBytes)} of cache, ${formatGiB(Math.max(0, plan.spareBytes))} free beside one sequence of ${plan.maxModelLen} tokens`,
  }
}

/** Rounded down to a round number of tokens, and to the low end of the band. */
function* shorter(misfit: Misfit): Generator<Change> {
  const plan = attempt(misfit)
  if (!plan) return
  const lowest = plan.bands.maxModelLenThatFits[0]
  const exact = lowest > 0 ? lowest : plan.maxModelLenThatFits
  const step = exact >= 8192 ? 1024 : 256
  const length = exact >= step ? Math.floor(exact / step) * step : exact
  if (length < 1 || length >= plan.maxModelLen) return
  yield {
    change: `shorten the context from ${plan.maxModelLen} to ${length} tokens`,
    option: `--max-model-len ${length}`,
    request: { ...misfit.request, maxModelLen: length },
  }
}

function* smallerCache(misfit: Misfit): Generator<Change> {
  const { request, rules } = misfit
  const { eightBitCache: dtype } = rules
  // Some engines pack the cache unasked, or as the checkpoint says.
  if (/8|4/.test(attempt(misfit)?.kvCacheDtype ?? request.kvCacheDtype ?? '')) return
  yield {
    change: `keep the cache in 8 bits (${dtype})`,
    option: `--kv-cache-dtype ${dtype}`,
    request: { ...request, kvCacheDtype: dtype },
  }
}

function* smallerBatch({ request, rules }: Misfit): Generator<Change> {
  if (!rules.remedies.includes('smaller-batch') || request.overhead?.activationBytes !== undefined) return
  for (const maxNumSeqs of [256, 128, 64, 16]) {
    if (maxNumSeqs >= (request.maxNumSeqs ?? 1024)) continue
    yield {
      change: `run at most ${maxNumSeqs} sequences at once, in batches of 2048 tokens`,
      option: `--max-num-seqs ${maxNumSeqs} --max-num-batched-tokens 2048`,
      request: {
        ...request,
        maxNumSeqs,
        maxNumBatchedTokens: Math.min(2048, request.maxNumBatchedTokens ?? 2048),
      },
    }
  }
}

function* moreOfTheGpu(misfit: Misfit): Generator<Change> {
  if (!misfit.rules.remedies.includes('more-of-the-gpu')) return
  const now = attempt(misfit)?.gpuMemoryUtilization
  if (now === null || now === undefined || now >= 0.95) return
  yield {
    change: `let the engine take 95 % of the GPU instead of ${Math.round(now * 100)} %`,
    option: '--gpu-memory-utilization 0.95',
    request: { ...misfit.request, gpuMemoryUtilization: 0.95 },
  }
}

/** Given bytes are those of the unpacked checkpoint; packed ones are counted from the configuration. */
function* packedWeights({ request }: Misfit): Generator<Change> {
  const { facts } = request
  if (facts.quantization || request.quantization || facts.source === 'gguf') return
  const { weightsBytes, weightsBytesPerGpu, ...rest } = request
  const isGiven = weightsBytes !== undefined || weightsBytesPerGpu !== undefined
  if (isGiven && !facts.parameters) return
  for (const [quantization, words] of [
    ['fp8', '8-bit weights (fp8)'],
    ['awq', 'a 4-bit checkpoint (AWQ or GPTQ)'],
  ] as const)
    yield {
      change: `use ${words}`,
      option: `--quantization ${quantization}`,
      request: { ...rest, quantization },
    }
}

function* moreGpus({ request }: Misfit): Generator<Change> {
  const { tp = 1, facts } = request
  if (request.weightsBytesPerGpu !== undefined || request.availableKvBytes !== undefined) return
  for (const ranks of [2, 4, 8, 16]) {
    if (ranks <= tp || (facts.headCount > 0 && facts.headCount % ranks !== 0)) continue
    yield {
      change: `spread it over ${ranks} of ${request.gpu.name}`,
      option: `--tp ${ranks}`,
      request: { ...request, tp: ranks },
    }
  }
}

function* largerGpu({ request }: Misfit): Generator<Change> {
  if (request.availableKvBytes !== undefined) return
  const larger = gpus
    .filter((gpu) => gpu.memoryBytes > request.gpu.memoryBytes * 1.1 && !gpu.sharesHostMemory)
    .sort((a, b) => a.memoryBytes - b.memoryBytes || a.bandwidthBytesPerSecond - b.bandwidthBytesPerSecond)
  for (const gpu of larger)
    yield {
      change: `take a larger GPU: ${gpu.name} with ${formatGiB(gpu.memoryBytes)}`,
      option: `--gpu ${gpu.name}`,
      request: { ...request, gpu },
    }
}
