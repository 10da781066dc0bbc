import { isSparse } from '../../memory/cache.ts'
import { cacheDtypeOf } from '../../memory/engine-plan.ts'
import { capabilityOf, isAmd } from '../../memory/gpus.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast, readVersion } from '../../memory/versions.ts'

/** Type of the cache where nobody asks: 8 bits for DeepSeek-V4, and for sparse attention from Blackwell on. */
export function sglangCacheType(request: MemoryRequest, isCompressed: boolean): string {
  const isNew = capabilityOf(request.gpu) >= 10 && isSparse(request.facts)
  return cacheDtypeOf(request, isCompressed || isNew ? 'fp8_e4m3' : null)
}

/** First release whose kernels for Blackwell and AMD read rows without scales. */
const plainSince = '0.5.10'

/**
 * How rows of sparse attention lie in 8 bits (`calculate_mla_kv_cache_dim`): with scales and rotary elements of 16 bits, but for
 * TensorRT-LLM's kernels, which Blackwell takes, and those of AMD, where the version is told.
 */
export function rowsOf({ facts, gpu, engineVersion }: MemoryRequest, kvCacheDtype: string): string {
  if (!isSparse(facts) || !kvCacheDtype.startsWith('fp8')) return kvCacheDtype
  const isTold = engineVersion !== undefined && atLeast(readVersion(engineVersion), plainSince)
  return isTold && mayBePlain(gpu) ? kvCacheDtype : 'fp8_ds_mla'
}

/** GLM's sparse kernels of generation 12 read scaled rows too. */
function mayBePlain(gpu: MemoryRequest['gpu']): boolean {
  return Math.floor(capabilityOf(gpu)) === 10 || isAmd(gpu)
}

export function cacheTypeDoubts(
  { facts, gpu, engineVersion }: MemoryRequest,
  kvCacheDtype: string,
): string[] {
  const isOpen = isSparse(facts) && kvCacheDtype.startsWith('fp8') && mayBePlain(gpu) && !engineVersion
  return [
    ...(isOpen
      ? [`rows of sparse attention have no scales on this card since ${plainSince}; --engine-version tells`]
      : []),
    ...(kvCacheDtype === 'nvfp4' || kvCacheDtype === 'fp4_mx_block16'
      ? ['scales and a workspace of this cache depend on the kernels that read it']
      : []),
  ]
}
