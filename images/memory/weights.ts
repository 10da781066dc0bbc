import { type ModelFacts, type RoleCounts, sumOf, type WeightRole } from '../../recipes/model-facts.ts'
import { allocatorWasteBytes } from './allocator.ts'
import { usesDraftHead } from './drafter.ts'
import { type ExpertTiles, expertPadding } from './expert-tiles.ts'
import type { MemoryRequest } from './request.ts'
import { mapRoles, rolesOf } from './weight-roles.ts'

export interface ResidentWeights {
  /** On the fullest GPU: tensors, padding, tables, and the drafter beside them. */
  bytes: number
  /** In the memory of the host, of all GPUs together. */
  hostBytes: number
  /** Of one whole copy, before any engine pads or copies it. */
  totalBytes: number
  parts: { tensors: number; padding: number; rotaryTable: number; allocator: number; drafter: number }
  from: 'given' | 'headers' | 'configuration'
  /** How far the bytes may be off, and why no answer that rests on them is certain; null where one may be. */
  doubtBytes: number
  doubt: string | null
}

export interface WeightRules {
  tp: number
  pp: number
  /** Copies of the model over which its experts are spread; absent where each copy has all. */
  expertCopies?: number
  /** Positions for which the engine precomputes cosines and sines, as a multiple of the longest context. */
  rotaryTables(facts: ModelFacts): number
  expertTiles: ExpertTiles | null
  /** PyTorch's allocator gives tensors whole blocks. */
  usesTorch: boolean
  /** llama.cpp leaves the input embedding on the host, unless it is the output matrix too. */
  embeddingOnHost: boolean
}

/** Roles that every rank holds whole under tensor parallelism. */
const copied: readonly WeightRole[] = ['norm', 'router', 'mlaDown', 'other']

/**
 * Weights as they lie on the fullest GPU, or undefined when nothing tells their size.
 * Headers win over the configuration; a given size wins over both.
 */
export function residentWeights(request: MemoryRequest, rules: WeightRules): ResidentWeights | undefined {
  const { facts } = request
  if (request.weightsBytesPerGpu !== undefined) return givenPerGpu(request.weightsBytesPerGpu, request, rules)
  const roles = rolesOf(request)
  const total = request.weightsBytes ?? (roles ? sumOf(roles.bytes) : undefined)
  if (total === undefined) return undefined
  const share = roles ? rankShare(facts, roles.bytes, request, rules) : 1 / (rules.tp * rules.pp)
  const drafter = drafterBytes(request, rules)
  const parts = {
    tensors: Math.max(0, Math.round(total * share) - (request.hostWeightsBytes ?? 0)),
    padding: expertPadding(facts, roles?.bytes, total, rules),
    rotaryTable: rules.rotaryTables(facts) * rotaryTableBytes(facts),
    allocator: rules.usesTorch && isWhole(facts, total, rules) ? allocatorWasteBytes(facts, rules.tp) : 0,
    drafter: drafter ?? 0,
  }
  const from = request.weightsBytes !== undefined ? 'given' : (roles?.from ?? 'configuration')
  return {
    bytes: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0),
    hostBytes: roles ? hostBytesOf(roles.bytes, request, rules) : 0,
    totalBytes: total,
    parts,
    from,
    ...doubtOf(request, { from, bytes: parts.tensors, isDrafterKnown: drafter !== undefined }),
  }
}

/** A drafter's own weights on one GPU; undefined where nothing tells them. */
function drafterBytes(request: MemoryRequest, rules: WeightRules): number | undefined {
  const { drafter, weightsBytes: _all, hostWeightsBytes: _host, quantization: _packed, ...rest } = request
  if (drafter === undefined) return 0
  const own: MemoryRequest = { ...rest, facts: withoutShared(drafter), speculativeTokens: 0 }
  return residentWeights(own, { ...rules, pp: 1, rotaryTables: () => 0, expertTiles: null })?.bytes
}

/** Heads of EAGLE, DFlash and MTP use embedding and output of their target. */
function withoutShared(drafter: ModelFacts): ModelFacts {
  if (!drafter.parameters || !/eagle|dflash|mtp|medusa|draft/i.test(drafter.architecture)) return drafter
  return { ...drafter, parameters: { ...drafter.parameters, embedding: 0, head: 0 } }
}

interface WeightSource {
  from: ResidentWeights['from']
  bytes: number
  isDrafterKnown: boolean
}

/** Plain models are counted as their logs have them; those with recurrent layers, and packed ones, within 3 %. */
function shareOf({ layers, quantization }: ModelFacts): number {
  return quantization !== null || layers.some(({ layer }) => layer.kind === 'state') ? 0.03 : 0
}

/**
 * Whether a quantiser may have left more in 16 bits than a configuration tells. MXFP4 packs experts and nothing else, GPTQ and AWQ
 * every layer of a dense model, FP8 in blocks every layer, and an engine that packs at its start the same.
 */
function leavesSome({ facts, quantization }: MemoryRequest): boolean {
  const written = facts.quantization?.method
  if (written === undefined)
    return quantization !== undefined && !/^(none|auto|fp8|int8|bitsandbytes|mxfp8)/.test(quantization)
  if (written === 'mxfp4') return facts.experts === null
  const isPlain = facts.layers.every(({ layer }) => layer.kind !== 'state')
  return !(isPlain && (written === 'fp8' || (facts.experts === null && /^(gptq|awq)/.test(written))))
}

/** What a quantiser left in 16 bits stands in the headers of tensors alone: logs differ by up to 15 % from configurations. */
function doubtOf(request: MemoryRequest, { from, bytes, isDrafterKnown }: WeightSource) {
  if (!isDrafterKnown) return { doubtBytes: 0, doubt: 'the bytes of the drafter are not known' }
  if (from !== 'configuration') return { doubtBytes: 0, doubt: null }
  const { facts } = request
  const tower = facts.vision === null || facts.vision.isWhole ? 0 : towerDoubt(bytes)
  if (leavesSome(request))
    return {
      doubtBytes: bytes * 0.15,
      doubt: 'what its quantiser left in 16 bits is not in the configuration; headers of its tensors tell',
    }
  if (facts.uncounted !== undefined)
    return { doubtBytes: bytes * 0.25, doubt: `${facts.uncounted}; headers of its tensors tell` }
  const isPart = tower > 0 && (facts.parameters?.vision ?? 0) > sumOf(facts.parameters ?? {}) * 0.015
  return {
    doubtBytes: Math.max(tower, bytes * shareOf(facts)),
    doubt: isPart
      ? 'what stands between its image tower and its text model is not counted; headers tell'
      : null,
  }
}

/** Of towers whose layers alone are counted. */
function towerDoubt(bytes: number): number {
  return Math.max(bytes * 0.06, 0.4 * 1024 ** 3)
}

/** Whether the bytes are those of the unpacked model, or of one with 8 bits throughout, so that its matrices are known. */
function isWhole({ parameters, quantization }: ModelFacts, total: number, { pp }: WeightRules): boolean {
  if (pp !== 1 || !parameters) return false
  const elements = sumOf(parameters)
  const isEight =
    quantization !== null &&
    /fp8|compressed-tensors/.test(quantization.method) &&
    Math.abs(quantization.bitsPerWeight - 8) < 0.02
  return isEight ? total < elements * 1.5 : Math.abs(total - elements * 2) < elements * 0.02
}

function givenPerGpu(bytes: number, request: MemoryRequest, rules: WeightRules): ResidentWeights {
  const totalBytes = request.weightsBytes ?? request.facts.weights?.totalBytes ?? bytes * rules.tp * rules.pp
  return {
    bytes,
    hostBytes: request.hostWeightsBytes ?? 0,
    totalBytes,
    parts: { tensors: bytes, padding: 0, rotaryTable: 0, allocator: 0, drafter: 0 },
    from: 'given',
    doubtBytes: 0,
    doubt: null,
  }
}

/** Part of the whole that the fullest rank holds. */
function rankShare(facts: ModelFacts, roles: RoleCounts, request: MemoryRequest, rules: WeightRules): number {
  const total = sumOf(roles)
  const kvHeads = Math.min(
    ...facts.layers.map(({ layer }) => ('kvHeads' in layer ? layer.kvHeads : rules.tp)),
  )
  const resident = shareOnGpu(facts, request)
  const rank = mapRoles(roles, (role, whole) => {
    const bytes = whole * resident(role)
    if (role === 'draft') return usesDraftHead(request) ? bytes / rules.tp : 0
    if (rules.embeddingOnHost && (role === 'layerEmbedding' || (role === 'embedding' && roles.head))) return 0
    if (copied.includes(role)) return bytes
    if (role === 'expert') return bytes / (rules.tp * (rules.expertCopies ?? 1))
    return bytes / (role === 'keyValue' ? Math.min(rules.tp, Math.max(1, kvHeads)) : rules.tp)
  })
  const ends = [rank.embedding ?? 0, rank.head ?? 0]
  const layers = sumOf(rank) - sumOf({ embedding: ends[0] ?? 0, head: ends[1] ?? 0 })
  const stage = rules.pp === 1 ? sumOf(rank) : layers * stageShare(facts, request, rules) + Math.max(...ends)
  return stage / total
}

/** What no GPU holds; an embedding that is the output too lies in both. */
function hostBytesOf(
  roles: RoleCounts,
  request: MemoryRequest,
  { embeddingOnHost, pp }: WeightRules,
): number {
  const resident = shareOnGpu(request.facts, request)
  const left = mapRoles(roles, (role, whole) => {
    if (role === 'draft' && !usesDraftHead(request)) return 0
    if (embeddingOnHost && (role === 'embedding' || role === 'layerEmbedding')) return whole
    return whole * (1 - resident(role))
  })
  return sumOf(left) + (request.hostWeightsBytes ?? 0) * pp
}

/** Part of a role's bytes that is not left on the host. The output is one more layer behind the others. */
function shareOnGpu({ layerCount }: ModelFacts, { gpuLayers, hostExpertLayers = 0 }: MemoryRequest) {
  const layers = gpuLayers === undefined ? 1 : Math.min(1, gpuLayers / layerCount)
  const experts = 1 - Math.min(1, hostExpertLayers / layerCount)
  return (role: WeightRole): number => {
    if (role === 'head' || role === 'embedding') return gpuLayers === 0 ? 0 : 1
    return role === 'expert' ? Math.min(layers, experts) : layers
  }
}

/** The fullest stage has the rounded-up share of the layers, where nobody says how they are divided. */
function stageShare({ layerCount }: ModelFacts, { stageLayers }: MemoryRequest, { pp }: WeightRules): number {
  const most = stageLayers === undefined ? Math.ceil(layerCount / pp) : Math.max(...stageLayers)
  return most / layerCount
}

/** max positions x rotary columns x 2 bytes: 0.03125 GiB for Llama-3.1-8B. */
function rotaryTableBytes(facts: ModelFacts): number {
  return (facts.maxPositions ?? 0) * facts.rotaryDim * 2
}
