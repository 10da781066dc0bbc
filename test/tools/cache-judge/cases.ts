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
      kind: 'full' | 'window' | 'chunked' | 'mla' | 'latentWindow'
      heads: number
      keyDim: number
      valueDim: number
      type: string
      span?: number
      /** What one state takes, where it is packed. */
      packedBytes?: number
      /** Bytes that a page is a multiple of. */
      alignment?: number
      tokensPerState?: number
      blockTokens?: number
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
  /** Order of layers and blocks in memory, which the kernels of a model want. */
  layout: 'LBNHC' | 'BLHNC'
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
  const drafting = request.drafter?.layers ?? (request.speculativeTokens ? draftHeadOf(facts) : [])
  const runs = [...facts.layers, ...drafting]
  const layers = runs.flatMap(({ count, layer }) => {
    const specs = specsOf(layer, request)
    return Array.from({ length: count }, () => specs)
  })
  if (layers.some((specs) => specs === undefined) || request.maxModelLen === undefined) return undefined
  const { tp = 1, dcp = 1, maxNumBatchedTokens = 8192, availableKvBytes = 0, speculativeTokens = 0 } = request
  const isPacked = facts.layers.some(({ layer }) => layer.kind === 'compressed')
  const cacheType = request.kvCacheDtype ?? 'auto'
  return {
    id,
    layers: layers.flatMap((specs) => specs ?? []),
    blockTokens: isPacked ? packedBlockTokens : baseBlockTokens(request, judgedVersion, cacheType),
    layout: isPacked ? 'BLHNC' : 'LBNHC',
    maxModelLen: request.maxModelLen,
    inFlightTokens: inFlightTokens(maxNumBatchedTokens, 1, judgedVersion),
    prefixCaching: request.prefixCaching ?? true,
    drafted: speculativeTokens,
    tp,
    dcp,
    poolBytes: availableKvBytes,
  }
}

/** Tokens of a block of DeepSeek-V4, of one of its windows, and bytes that its pages are multiples of. */
const packedBlockTokens = 256
const windowBlockTokens = 64
const alignment = 576

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
    case 'compressed':
      return request.speculativeTokens ? undefined : compressedSpecs(layer)
    default:
      return undefined
  }
}

/** DeepSeek-V4: a window; closed vectors and their index; what the compressors of both have not closed yet, in 32 bits. */
function compressedSpecs({
  headDim,
  ropeDim,
  windowTokens,
  ratio,
  indexDim,
}: Extract<LayerKind, { kind: 'compressed' }>): LayerSpec[] {
  const latent = { heads: 1, keyDim: headDim, valueDim: 0, type: 'uint8', alignment }
  const packedBytes = headDim + ropeDim + 8
  const window: LayerSpec = {
    ...latent,
    kind: 'latentWindow',
    packedBytes,
    span: windowTokens,
    blockTokens: windowBlockTokens,
  }
  if (ratio === 1) return [window]
  const closed: LayerSpec = { ...latent, kind: 'mla', packedBytes, tokensPerState: ratio }
  const overlap = ratio === 4 ? 2 : 1
  const open = (dim: number): LayerSpec => ({
    ...latent,
    kind: 'latentWindow',
    keyDim: 2 * overlap * dim,
    type: 'float32',
    span: overlap * ratio,
    blockTokens: ratio === 4 ? 4 : 8,
  })
  if (indexDim === 0) return [window, closed, open(headDim)]
  const index: LayerSpec = {
    ...latent,
    kind: 'mla',
    keyDim: indexDim + (indexDim / 128) * 4,
    tokensPerState: ratio,
  }
  return [window, closed, index, open(headDim), open(indexDim)]
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
