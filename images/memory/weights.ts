import { type ModelFacts, type RoleCounts, sumOf, type WeightRole } from '../../recipes/model-facts.ts'
import { allocatorWasteBytes } from './allocator.ts'
import { usesDraftHead } from './drafter.ts'
import { bitsOfMethod, modelDtypeOf } from './dtypes.ts'
import type { MemoryRequest } from './request.ts'

export interface ResidentWeights {
  /** On the fullest GPU: tensors, padding and tables. */
  bytes: number
  /** Of one whole copy, before any engine pads or copies it. */
  totalBytes: number
  parts: { tensors: number; padding: number; rotaryTable: number; allocator: number }
  from: 'given' | 'headers' | 'configuration'
}

export interface WeightRules {
  tp: number
  pp: number
  /** The engine precomputes cosines and sines for every position. */
  hasRotaryTable: boolean
  /** Kernels that pad experts to whole tiles, as Marlin does for MXFP4. */
  padsExperts: boolean
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
  const padding = rules.padsExperts ? expertPadding(facts, roles?.bytes, total, rules) : 0
  const rotaryTable = rules.hasRotaryTable ? rotaryTableBytes(facts) : 0
  const tensors = Math.max(0, Math.round(total * share) - (request.hostWeightsBytes ?? 0))
  const allocator = rules.usesTorch && isWhole(facts, total, rules) ? allocatorWasteBytes(facts, rules.tp) : 0
  return {
    bytes: tensors + padding + rotaryTable + allocator,
    totalBytes: total,
    parts: { tensors, padding, rotaryTable, allocator },
    from: request.weightsBytes !== undefined ? 'given' : (roles?.from ?? 'configuration'),
  }
}

/** Whether the bytes are those of the unpacked model, so that the sizes of its matrices are known. */
function isWhole({ parameters }: ModelFacts, total: number, { pp }: WeightRules): boolean {
  const bytes = parameters ? sumOf(parameters) * 2 : 0
  return pp === 1 && Math.abs(total - bytes) < bytes * 0.01
}

function givenPerGpu(bytes: number, request: MemoryRequest, rules: WeightRules): ResidentWeights {
  const totalBytes = request.weightsBytes ?? request.facts.weights?.totalBytes ?? bytes * rules.tp * rules.pp
  return {
    bytes,
    totalBytes,
    parts: { tensors: bytes, padding: 0, rotaryTable: 0, allocator: 0 },
    from: 'given',
  }
}

function rolesOf(
  request: MemoryRequest,
): { bytes: RoleCounts; from: 'headers' | 'configuration' } | undefined {
  const { facts } = request
  if (facts.weights) return { bytes: fromHeaders(request), from: 'headers' }
  if (facts.parameters) return { bytes: fromParameters(request, facts.parameters), from: 'configuration' }
  return undefined
}

/** Header bytes as the engine loads them: an fp32 checkpoint in half precision, packed on load where that is asked. */
function fromHeaders(request: MemoryRequest): RoleCounts {
  const { facts } = request
  const weights = facts.weights
  if (!weights) return {}
  const single = weights.byDtype['F32'] ?? 0
  const halves =
    single > weights.totalBytes * 0.9 && facts.source === 'config' && !/32/.test(request.dtype ?? '')
  const scale = halves ? 0.5 : 1
  const bits = facts.quantization ? undefined : bitsOfMethod(request.quantization ?? 'none')
  return mapRoles(
    weights.byRole,
    (role, bytes) => bytes * scale * (isPacked(role, facts) && bits ? bits / 16 : 1),
  )
}

/** Elements by role times bits: 16 for what stays unpacked. */
function fromParameters(request: MemoryRequest, parameters: RoleCounts): RoleCounts {
  const { facts } = request
  const unpacked = modelDtypeOf(facts, request.dtype) === 'float32' ? 32 : 16
  const asked = request.quantization ? bitsOfMethod(request.quantization) : undefined
  const bits = facts.quantization?.bitsPerWeight ?? asked ?? unpacked
  return mapRoles(parameters, (role, count) => (count * (isPacked(role, facts) ? bits : unpacked)) / 8)
}

function isPacked(role: WeightRole, facts: ModelFacts): boolean {
  if (facts.quantization?.expertsOnly) return role === 'expert'
  if (role === 'attention' || role === 'keyValue' || role === 'mlaDown')
    return facts.quantization?.attentionPacked !== false
  return role === 'dense' || role === 'expert' || role === 'shared' || role === 'state'
}

function mapRoles(counts: RoleCounts, of: (role: WeightRole, count: number) => number): RoleCounts {
  return Object.fromEntries(
    // Object.entries widens the keys of RoleCounts to string.
    Object.entries(counts).map(([role, count]) => [role, Math.round(of(role as WeightRole, count))]),
  )
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
    if (role === 'embedding' && rules.embeddingOnHost && roles.head) return 0
    if (copied.includes(role)) return bytes
    return bytes / (role === 'keyValue' ? Math.min(rules.tp, Math.max(1, kvHeads)) : rules.tp)
  })
  const ends = [rank.embedding ?? 0, rank.head ?? 0]
  const layers = sumOf(rank) - sumOf({ embedding: ends[0] ?? 0, head: ends[1] ?? 0 })
  const stage = rules.pp === 1 ? sumOf(rank) : layers * stageShare(facts, request, rules) + Math.max(...ends)
  return stage / total
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

/** Marlin wants 256 columns and 128 rows: 2880 becomes 3072 and 2944, 9 % more (logged in vllm#23278). */
function expertPadding(
  facts: ModelFacts,
  roles: RoleCounts | undefined,
  total: number,
  { tp, pp }: WeightRules,
): number {
  const experts = facts.experts
  if (facts.quantization?.method !== 'mxfp4' || !experts || !roles) return 0
  const share = (roles.expert ?? 0) / sumOf(roles)
  const hidden = Math.ceil(facts.hiddenSize / 256) * 256
  const ffn = Math.ceil(experts.ffnSize / tp / 128) * 128 * tp
  const growth = (hidden * ffn) / (facts.hiddenSize * experts.ffnSize) - 1
  return Math.round((total * share * growth) / (tp * pp))
}

/** Parameters times nominal bits, the rule of thumb that people quote: 70B at 4 bits is 35 GB. */
export function nominalWeightsBytes(parameters: number, bitsPerWeight: number): number {
  return Math.round((parameters * bitsPerWeight) / 8)
}
