import { capabilityOf } from '../../memory/gpus.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'

/**
 * Tokens of one block, by version and card: `platforms/cuda.py` forces a size for MLA until 0.17, and since 0.18 the kernel that
 * is preferred says what it takes. All but MLA take 16.
 */
export function baseBlockTokens(request: MemoryRequest, version: string, kvCacheDtype: string): number {
  if (request.blockSize) return request.blockSize
  const latent = request.facts.layers.flatMap(({ layer }) => (layer.kind === 'mla' ? [layer] : []))
  const [first] = latent
  if (!first || !atLeast(version, '0.7.1')) return 16
  const isSparse = latent.some(({ indexDim }) => indexDim > 0)
  const isPacked = kvCacheDtype.startsWith('fp8')
  const generation = Math.floor(capabilityOf(request.gpu))
  // FlashInfer reads plain rows by 32, others by 64.
  if (isSparse) return generation === 10 && isPacked && kvCacheDtype !== 'fp8_ds_mla' ? 32 : 64
  const keyDim = request.facts.headDim - first.ropeDim
  return atLeast(version, '0.18.0')
    ? preferredBlock(generation, isPacked)
    : forcedBlock(generation, version, keyDim)
}

/** FlashMLA on Hopper reads 64 tokens at once; on Blackwell CUTLASS reads 128, and FlashInfer 64. */
function forcedBlock(generation: number, version: string, keyDim: number): number {
  if (generation === 9) return atLeast(version, '0.8.0') ? 64 : 16
  if (generation !== 10 || !atLeast(version, '0.9.2')) return 16
  return atLeast(version, '0.15.0') && keyDim === 128 ? 64 : 128
}

/** FlashAttention's MLA takes 16, but no packed cache, which FlashMLA reads by 64; FlashInfer's MLA takes 32. */
function preferredBlock(generation: number, isPacked: boolean): number {
  if (generation === 9) return isPacked ? 64 : 16
  return generation === 10 ? 32 : 16
}

/** Steps in which attention blocks grow until they hold a state. */
export function hybridBlockTokens(request: MemoryRequest, version: string): number {
  const { facts, gpu } = request
  const isLatent = facts.layers.some(({ layer }) => layer.kind === 'mla')
  if (isLatent) return atLeast(version, '0.30.0') ? 128 : atLeast(version, '0.22.0') ? 16 : 64
  const isWide = facts.headDim === 256 && capabilityOf(gpu) === 10
  return isWide && atLeast(version, '0.12.0') && !atLeast(version, '0.19.0') ? 32 : 16
}
