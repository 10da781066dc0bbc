import type { ModelFacts } from '../../../recipes/model-facts.ts'
import { capabilityOf, type Gpu, isAmd } from '../../memory/gpus.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'

const GiB = 1024 ** 3

/**
 * Defaults that vLLM takes when the caller says nothing. Versions were read in its releases: engine/arg_utils.py,
 * config/cache.py, envs.py, v1/worker/gpu_worker.py.
 */
export interface VllmDefaults {
  isV0: boolean
  utilization: number
  maxNumSeqs: number
  maxNumBatchedTokens: number
  /** Graphs are estimated and charged since 0.20; before that they lie outside the budget. */
  chargesGraphs: boolean
  keepsWindows: boolean
  countsByConcurrency: boolean
  /** From 0.9.0 to 0.11.0 the sampler was FlashInfer's where that was installed, which nobody tells here. */
  maySortLess: boolean
}

/** V0 stayed the engine of cards before Ampere until 0.10. */
export function isFirstEngine(gpu: Gpu, version: string): boolean {
  const capability = capabilityOf(gpu)
  return !atLeast(version, '0.8.0') || (capability > 0 && capability < 8 && !atLeast(version, '0.11.0'))
}

export function vllmDefaults(request: MemoryRequest, version: string, maxModelLen: number): VllmDefaults {
  const isV0 = isFirstEngine(request.gpu, version)
  const seqs = request.maxNumSeqs ?? sequencesOf(request.gpu, version)
  const tokens = request.maxNumBatchedTokens ?? batchedTokens(request, version, maxModelLen, seqs)
  return {
    isV0,
    utilization: atLeast(version, '0.20.0') ? 0.92 : 0.9,
    maxNumSeqs: Math.min(seqs, Math.max(1, tokens)),
    maxNumBatchedTokens: tokens,
    chargesGraphs: atLeast(version, '0.20.0') && request.enforceEager !== true,
    keepsWindows: !isV0 && atLeast(version, '0.10.0') && request.hybridKvCache !== false,
    countsByConcurrency: atLeast(version, '0.20.1'),
    maySortLess: !isV0 && atLeast(version, '0.9.0') && !atLeast(version, '0.11.1'),
  }
}

/** Cards that batch for throughput: H100 and H200 by name until 0.8.4, then 70 GiB and more, since 0.9 without A100. */
function isLarge(gpu: Gpu, version: string): boolean {
  if (!atLeast(version, '0.8.5')) return /^h[12]00/.test(gpu.name)
  if (gpu.memoryBytes < 70 * GiB || (gpu.name === 'dgx-spark' && atLeast(version, '0.30.0'))) return false
  return !atLeast(version, '0.9.0') || !gpu.name.startsWith('a100')
}

/** 0.8.0 to 0.8.3 took 1024 on every card. */
function sequencesOf(gpu: Gpu, version: string): number {
  if (isFirstEngine(gpu, version)) return 256
  return !atLeast(version, '0.8.4') || isLarge(gpu, version) ? 1024 : 256
}

/** Batches never exceed what all sequences together can hold. */
function batchedTokens(request: MemoryRequest, version: string, maxModelLen: number, seqs: number): number {
  if (isFirstEngine(request.gpu, version)) return batchedTokensV0(request, version, maxModelLen)
  const isHuge = request.gpu.memoryBytes >= 160 * GiB && atLeast(version, '0.30.0')
  const tokens = isHuge ? 16384 : isLarge(request.gpu, version) ? 8192 : 2048
  return Math.min(tokens, seqs * maxModelLen)
}

function batchedTokensV0(request: MemoryRequest, version: string, maxModelLen: number): number {
  const chunks = maxModelLen > 32768 && capabilityOf(request.gpu) >= 8 && request.facts.vision === null
  if (chunks) return atLeast(version, '0.6.5') ? 2048 : 512
  return Math.max(maxModelLen, 2048)
}

/**
 * Memory outside PyTorch. 0.6.4, and V1 until 0.9.0, counted everything in use on the card, the CUDA
 * context (0.35 to 0.5 GiB) included; before, in between and since, only what grew since start: 0.01 to 0.26 GiB with V0,
 * 0.02 to 0.11 in 0.9.1 to 0.15, 0.16 to 0.27 since 0.17. With NCCL and its
 * buffers 0.20 to 0.43 on PCIe cards and with V0, 0.75 since 0.17 (club-3090#1087), 0.95 to 1.38 on H200 and B200 with V1.
 */
/** Kernels of recurrent layers, compiled at the first run: 0.24 and 0.26 GiB more than others are logged. */
export const recurrentKernelBytes = 0.25 * GiB

export function nonTorchBytes(gpu: Gpu, ranks: number, version: string): number {
  const isV0 = isFirstEngine(gpu, version)
  if (ranks > 1) return linkedBytes(gpu, ranks, version) * GiB
  if (isAmd(gpu)) return 0.9 * GiB
  if (atLeast(version, '0.17.0')) return 0.25 * GiB
  if (!isV0 && !atLeast(version, '0.9.1')) return 0.45 * GiB
  if (atLeast(version, '0.6.4') && !atLeast(version, '0.6.5')) return 0.35 * GiB
  return (!isV0 && isLinked(gpu) ? 0.13 : 0.1) * GiB
}

/** With NCCL and its buffers: two H100 log 0.54 and 0.55, four and more 0.95 to 1.38; PCIe cards 0.20 to 0.43, four 0.8 since 0.15. */
function linkedBytes(gpu: Gpu, ranks: number, version: string): number {
  if (isFirstEngine(gpu, version)) return 0.4
  if (isLinked(gpu)) return ranks === 2 && atLeast(version, '0.9.1') ? 0.55 : 1.2
  return atLeast(version, '0.17.0') || (ranks > 2 && atLeast(version, '0.15.0')) ? 0.75 : 0.4
}

function isLinked(gpu: Gpu): boolean {
  return /^(a100|h100|h200|gh200|b200|b300|gb200|gb300|mi3)/.test(gpu.name)
}

/** States one sequence holds: two with prefix caching, which newer versions switch on (vllm-project/recipes#810). */
export function stateBlocksOf(request: MemoryRequest, version: string): number {
  const caches = request.prefixCaching ?? atLeast(version, '0.21.0')
  return (caches ? 2 : 1) + (request.speculativeTokens ?? 0)
}

/** Since 0.26 a window keeps the tokens of every batch in flight: one more than there are stages, by async scheduling. */
export function inFlightTokens(batchTokens: number, pp: number, version: string): number {
  return batchTokens * (atLeast(version, '0.26.0') ? pp + 1 : 1)
}

/** Kinds of layers whose counts differ by less than this share one group size. */
export function groupSlack(version: string): number {
  if (!atLeast(version, '0.12.0')) return 1
  return atLeast(version, '0.18.0') ? 1.5 : 1.25
}

/** Positions of images have a table four times as long since Qwen2.5-VL, for videos (`layers/rotary_embedding/mrope.py`). */
export function rotaryTables({ sectionedRope }: ModelFacts, version: string): number {
  return sectionedRope && atLeast(version, '0.7.2') ? 4 : 1
}
