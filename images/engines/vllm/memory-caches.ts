import { isSparse, type LayerCache } from '../../memory/cache.ts'
import { cacheDtypeOf, cachesOf, formatOf, stateBytesOf } from '../../memory/engine-plan.ts'
import { capabilityOf } from '../../memory/gpus.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'
import type { VllmDefaults } from './memory-rules.ts'

/** Caches of the model and of a drafter of its own, whose layers are counted with those of the model that have their shape. */
export function vllmCaches(request: MemoryRequest, version: string, defaults: VllmDefaults): LayerCache[] {
  const { drafter, facts } = request
  if (!drafter) return ownCaches(request, version, defaults)
  const shapes = new Set(facts.layers.map(({ layer }) => JSON.stringify(layer)))
  const isAlike = ({ layer }: (typeof drafter.layers)[number]) => shapes.has(JSON.stringify(layer))
  const alike = [...facts.layers, ...drafter.layers.filter(isAlike)]
  const others = drafter.layers.filter((run) => !isAlike(run))
  const own = ownCaches({ ...request, facts: { ...facts, layers: alike } }, version, defaults)
  if (others.length === 0) return own
  const apart = ownCaches({ ...request, facts: { ...drafter, layers: others } }, version, defaults)
  return [...own, ...apart.map((cache) => ({ ...cache, drafts: true }))]
}

function ownCaches(request: MemoryRequest, version: string, defaults: VllmDefaults): LayerCache[] {
  const { tp = 1, pp = 1, facts } = request
  return cachesOf(request, {
    tp,
    pp,
    format: formatOf(request, cacheTypeOf(request, version)),
    ssmBytes: stateBytesOf(facts, request, atLeast(version, '0.11.0')),
    keepsWindows: defaults.keepsWindows,
    // VLLM_ALLOW_CHUNKED_LOCAL_ATTN_WITH_HYBRID_KV_CACHE is on since 0.14.
    keepsChunks: defaults.keepsWindows && atLeast(version, '0.14.0'),
    crossPerToken: defaults.isV0,
    draftedRows: request.speculativeTokens ?? 0,
    latentAsHeads: !atLeast(version, '0.7.1'),
  })
}

/** Checkpoints that name an 8-bit cache get it since about v0.12; DeepSeek-V4 is packed whatever its checkpoint says. */
export function cacheTypeOf(request: MemoryRequest, version: string): string {
  if (isCompressed(request)) return cacheDtypeOf(request, 'fp8_ds_mla')
  const ofCheckpoint = atLeast(version, '0.12.0') ? (request.facts.quantization?.kvCacheDtype ?? null) : null
  const named = cacheDtypeOf(request, ofCheckpoint)
  return isSparse(request.facts) ? sparseTypeOf(request, version, named) : named
}

/**
 * What reads sparse attention decides how its rows lie (`platforms/cuda.py`, `mla_attention.py`): FlashMLA takes those of
 * `fp8_ds_mla` whatever type of 8 bits is asked, FlashInfer on Blackwell plain ones, and on cards of generation 12 since 0.24
 * `fp8_ds_mla` unasked too.
 */
function sparseTypeOf(request: MemoryRequest, version: string, named: string): string {
  const generation = Math.floor(capabilityOf(request.gpu))
  const isAuto = (request.kvCacheDtype ?? 'auto') === 'auto'
  if (generation === 12 && atLeast(version, '0.24.0') && isAuto) return 'fp8_ds_mla'
  if (!named.startsWith('fp8') || named === 'fp8_ds_mla') return named
  return generation === 10 && readsPlainRows(request, version) ? named : 'fp8_ds_mla'
}

/** FlashInfer is preferred for few heads since 0.17 and for 8 bits since 0.20, and knows two sizes of keys, one before 0.20. */
function readsPlainRows({ facts, tp = 1 }: MemoryRequest, version: string): boolean {
  const latent = facts.layers.flatMap(({ layer }) => (layer.kind === 'mla' ? [layer] : []))
  const keyDim = facts.headDim - (latent[0]?.ropeDim ?? 0)
  if (atLeast(version, '0.20.0')) return keyDim === 128 || keyDim === 192
  return atLeast(version, '0.17.0') && keyDim === 128 && facts.headCount / tp <= 16
}

export function isCompressed({ facts }: MemoryRequest): boolean {
  return facts.layers.some(({ layer }) => layer.kind === 'compressed')
}

/** vLLM 0.33 cannot make pages of a drafter and of recurrent layers alike where no attention of the model has grouped heads. */
export function takesDrafter({ layers }: MemoryRequest['facts']): boolean {
  const has = (kind: string) => layers.some(({ layer }) => layer.kind === kind)
  return !has('state') || has('full')
}

export function drafterDoubts({ drafter, facts }: MemoryRequest): string[] {
  return drafter && !takesDrafter(facts)
    ? ['whether this drafter can share blocks with recurrent layers is not known here']
    : []
}
