import { baseBlockTokens } from '../../../images/engines/vllm/memory-blocks.ts'
import { inFlightTokens } from '../../../images/engines/vllm/memory-rules.ts'
import { draftHeadOf } from '../../../images/memory/cache.ts'
import { bytesOfDtype } from '../../../images/memory/dtypes.ts'
import { stateBytesOf } from '../../../images/memory/engine-plan.ts'
import type { MemoryRequest } from '../../../images/memory/request.ts'
import type { LayerKind, StateLayer } from '../../../recipes/model-facts.ts'

/** One layer as vLLM specifies it; element types stand for their bytes. */
export type LayerSpec =
  | {
      kind: 'full' | 'window' | 'chunked' | 'mla'
      heads: number
      keyDim: number
      valueDim: number
      type: string
      span?: number
      packedBytes?: number
    }
  | { kind: 'state'; convElements: number; convType: string; stateElements: number; stateType: string }

/** What the judge is asked: a model on one GPU with a pool. Bytes and tokens. */
export interface JudgedCase {
  id: string
  layers: LayerSpec[]
  blockTokens: number
  maxModelLen: number
  inFlightTokens: number
  prefixCaching: boolean
  drafted: number
  tp: number
  dcp: number
  poolBytes: number
}

export const judgedVersion = '0.33.0'

const half = 'bfloat16'

/** Undefined for models with layers that the judge is not told of. */
export function caseOf(id: string, request: MemoryRequest): JudgedCase | undefined {
  const { facts } = request
  const runs = [...facts.layers, ...(request.speculativeTokens ? draftHeadOf(facts) : [])]
  const layers = runs.flatMap(({ count, layer }) => {
    const specs = specsOf(layer, request)
    return Array.from({ length: count }, () => specs)
  })
  if (layers.some((specs) => specs === undefined) || request.maxModelLen === undefined) return undefined
  const { tp = 1, dcp = 1, maxNumBatchedTokens = 8192, availableKvBytes = 0, speculativeTokens = 0 } = request
  const cacheType = request.kvCacheDtype ?? 'auto'
  return {
    id,
    layers: layers.flatMap((specs) => specs ?? []),
    blockTokens: baseBlockTokens(request, judgedVersion, cacheType),
    maxModelLen: request.maxModelLen,
    inFlightTokens: inFlightTokens(maxNumBatchedTokens, 1, judgedVersion),
    prefixCaching: request.prefixCaching ?? true,
    drafted: speculativeTokens,
    tp,
    dcp,
    poolBytes: availableKvBytes,
  }
}

/** The specifications of one layer: none where it keeps nothing, two where an index lies beside it. */
function specsOf(layer: LayerKind, request: MemoryRequest): LayerSpec[] | undefined {
  const type = request.kvCacheDtype === 'fp8' ? 'uint8' : half
  switch (layer.kind) {
    case 'none':
      return []
    case 'state':
      return [stateSpec(layer, request)]
    case 'mla':
      return layer.windowTokens === undefined ? latentSpecs(layer, request) : undefined
    case 'full':
      return layer.indexDim ? undefined : [headSpec('full', layer, request, type)]
    case 'window':
      return [{ ...headSpec('window', layer, request, type), span: layer.windowTokens }]
    case 'chunked':
      return [{ ...headSpec('chunked', layer, request, type), span: layer.chunkTokens }]
    default:
      return undefined
  }
}

function headSpec(
  kind: 'full' | 'window' | 'chunked',
  { kvHeads, keyDim, valueDim }: Extract<LayerKind, { kvHeads: number }>,
  { tp = 1 }: MemoryRequest,
  type: string,
): Extract<LayerSpec, { heads: number }> {
  return { kind, heads: Math.max(1, Math.ceil(kvHeads / tp)), keyDim, valueDim, type }
}

/** Sparse layers keep DeepSeek's 656 packed bytes with an 8-bit cache, and their index in bytes with a scale for each 128. */
function latentSpecs(
  { latentDim, ropeDim, indexDim, indexTokens }: Extract<LayerKind, { kind: 'mla' }>,
  { kvCacheDtype, facts }: MemoryRequest,
): LayerSpec[] | undefined {
  if (indexTokens !== undefined) return undefined
  const isSparse = facts.layers.some(({ layer }) => layer.kind === 'mla' && layer.indexDim > 0)
  const isByte = kvCacheDtype === 'fp8'
  const latent: LayerSpec = {
    kind: 'mla',
    heads: 1,
    keyDim: latentDim + ropeDim,
    valueDim: 0,
    type: isByte ? 'uint8' : half,
    ...(isSparse && isByte && { packedBytes: 656 }),
  }
  if (indexDim === 0) return [latent]
  return [
    latent,
    { kind: 'mla', heads: 1, keyDim: indexDim + (indexDim / 128) * 4, valueDim: 0, type: 'uint8' },
  ]
}

function stateSpec(layer: StateLayer, request: MemoryRequest): LayerSpec {
  const { tp = 1, speculativeTokens = 0, facts } = request
  const groups = layer.groupCount > 0 ? Math.max(1, Math.ceil(layer.groupCount / tp)) : 0
  const channels = layer.innerChannels / tp + layer.groupChannels * groups
  const rows = layer.convTaps > 0 ? layer.convTaps + speculativeTokens : 0
  const single = stateBytesOf(facts, request, true) === bytesOfDtype('float32')
  return {
    kind: 'state',
    convElements: rows * channels,
    convType: half,
    stateElements: layer.stateElements / tp,
    stateType: single ? 'float32' : half,
  }
}
