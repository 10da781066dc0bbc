import { capabilityOf, type Gpu } from '../gpus.ts'
import type { MemoryRequest } from './request.ts'
import { atLeast } from './versions.ts'

const GiB = 1024 ** 3

/** Defaults that vLLM took at a version, and what they are when the caller says nothing (memory.md section 3.1). */
export interface VllmDefaults {
  isV0: boolean
  utilization: number
  maxNumSeqs: number
  maxNumBatchedTokens: number
  /** Bytes of graphs inside the budget; before v0.21 they lie outside it. */
  chargesGraphs: boolean
  keepsWindows: boolean
  countsByConcurrency: boolean
}

export function vllmDefaults(request: MemoryRequest, version: string, maxModelLen: number): VllmDefaults {
  const isV0 = !atLeast(version, '0.8.0')
  const tokens = request.maxNumBatchedTokens ?? batchedTokens(request, version, maxModelLen, isV0)
  const seqs = request.maxNumSeqs ?? (isV0 ? 256 : sequencesOf(request.gpu, version))
  return {
    isV0,
    utilization: atLeast(version, '0.22.0') ? 0.92 : 0.9,
    maxNumSeqs: Math.min(seqs, Math.max(1, tokens)),
    maxNumBatchedTokens: tokens,
    chargesGraphs: atLeast(version, '0.21.0') && request.enforceEager !== true,
    keepsWindows: atLeast(version, '0.10.0') && request.hybridKvCache !== false,
    countsByConcurrency: atLeast(version, '0.21.0'),
  }
}

/** V1: cards of 70 GiB and more, except A100, batch for throughput; the others take the small defaults. */
function isLarge(gpu: Gpu): boolean {
  return gpu.memoryBytes >= 70 * GiB && !gpu.name.startsWith('a100')
}

/** 0.8.0 to 0.8.4 took 1024 everywhere (vllm#15357 discusses it); then by card. */
function sequencesOf(gpu: Gpu, version: string): number {
  if (!atLeast(version, '0.8.5')) return 1024
  return isLarge(gpu) ? 1024 : 256
}

function batchedTokens(request: MemoryRequest, version: string, maxModelLen: number, isV0: boolean): number {
  if (!isV0) return isLarge(request.gpu) ? 8192 : 2048
  const chunks = maxModelLen > 32768 && capabilityOf(request.gpu) >= 8 && request.facts.vision === null
  if (chunks) return atLeast(version, '0.6.5') ? 2048 : 512
  return Math.max(maxModelLen, 2048)
}

/**
 * Memory outside PyTorch: CUDA context, NCCL, all-reduce buffers. Logged at tp 1: 0.03 to 0.35 GiB for V0, 0.02 to 0.07
 * for V1 until 0.11, 0.26 since; at tp 2 to 8 0.20 to 0.43 on PCIe cards and V0, 0.95 to 1.38 on H200 and B200 with V1.
 */
export function nonTorchBytes(gpu: Gpu, ranks: number, version: string): number {
  const isV0 = !atLeast(version, '0.8.0')
  if (ranks === 1) return (isV0 || atLeast(version, '0.17.0') ? 0.25 : 0.1) * GiB
  const linked = /^(a100|h100|h200|gh200|b200|b300|gb200|gb300|mi3)/.test(gpu.name)
  return (linked && !isV0 ? 1.2 : 0.4) * GiB
}

/** Logged estimates are 0.13 to 0.52 GiB for one GPU of a small model, 2.4 for Qwen3-Next on H200. */
export const graphEstimateBytes = 0.4 * GiB

/** FlashMLA on Hopper and FlashInfer's MLA on Blackwell read 64 tokens at once; others 16. */
export function baseBlockTokens(request: MemoryRequest): number {
  if (request.blockSize) return request.blockSize
  const capability = capabilityOf(request.gpu)
  const isDeepSeek = request.facts.layers.some(
    ({ layer }) => layer.kind === 'mla' && layer.latentDim + layer.ropeDim === 576,
  )
  return isDeepSeek && capability >= 9 && capability < 12 ? 64 : 16
}

/** States one sequence holds: two with prefix caching, which newer versions switch on (vllm-project/recipes#810). */
export function stateBlocksOf(request: MemoryRequest, version: string): number {
  const caches = request.prefixCaching ?? atLeast(version, '0.21.0')
  return (caches ? 2 : 1) + (request.speculativeTokens ?? 0)
}
