import type { LayerCache } from '../../memory/cache.ts'
import { cacheDtypeOf, cachesOf, formatOf, stateBytesOf } from '../../memory/engine-plan.ts'
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
  return cacheDtypeOf(request, ofCheckpoint)
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
