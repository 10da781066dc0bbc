import type { ModelFacts, RoleCounts, WeightRole } from '../../recipes/model-facts.ts'
import { usesDraftHead } from './drafter.ts'
import { bitsOfMethod, modelDtypeOf } from './dtypes.ts'
import type { MemoryRequest } from './request.ts'

export function rolesOf(
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
    (role, bytes) => bytes * scale * (bits && isPacked(role, facts, bits) ? bits / 16 : 1),
  )
}

/** Elements by role times bits: 16 for what stays unpacked. */
function fromParameters(request: MemoryRequest, parameters: RoleCounts): RoleCounts {
  const { facts } = request
  const unpacked = modelDtypeOf(facts, request.dtype) === 'float32' ? 32 : 16
  const asked = request.quantization ? bitsOfMethod(request.quantization) : undefined
  const bits = facts.quantization?.bitsPerWeight ?? asked ?? unpacked
  const counts = usesDraftHead(request)
    ? { ...parameters, draft: draftParameters(facts, parameters) }
    : parameters
  const packed = (role: WeightRole) => (role === 'expert' && facts.quantization?.expertBits) || bits
  return mapRoles(
    counts,
    (role, count) => (count * (isPacked(role, facts, bits) ? packed(role) : unpacked)) / 8,
  )
}

/** Each layer of a draft head is like the last of the model, behind a matrix that joins two hidden vectors. */
function draftParameters(facts: ModelFacts, parameters: RoleCounts): number {
  const { layers, experts, draftLayers, hiddenSize, layerCount } = facts
  const attending = layers.reduce(
    (sum, { count, layer }) => sum + (layer.kind === 'state' || layer.kind === 'none' ? 0 : count),
    0,
  )
  const attention = (parameters.attention ?? 0) + (parameters.keyValue ?? 0) + (parameters.mlaDown ?? 0)
  const fed = experts
    ? ((parameters.expert ?? 0) + (parameters.shared ?? 0)) / Math.max(1, experts.layerCount)
    : (parameters.dense ?? 0) / layerCount
  return Math.round(draftLayers * (attention / Math.max(1, attending) + fed + 2 * hiddenSize ** 2))
}

/**
 * What lies packed. Below 8 bits quantisers leave recurrent layers whole, with all attention beside them; of models with MLA they
 * pack the experts alone, since engines multiply its matrices at the start.
 */
function isPacked(role: WeightRole, facts: ModelFacts, bits: number): boolean {
  const has = (kind: string) => facts.layers.some(({ layer }) => layer.kind === kind)
  const packsExperts = bits < 8 && facts.experts !== null && has('mla')
  if ((facts.quantization?.expertsOnly && facts.experts !== null) || packsExperts) return role === 'expert'
  const staysWhole = bits < 8 && has('state')
  if (role === 'attention' || role === 'keyValue' || role === 'mlaDown')
    return facts.quantization?.attentionPacked !== false && !staysWhole
  return role === 'dense' || role === 'expert' || role === 'shared' || (role === 'state' && !staysWhole)
}

export function mapRoles(counts: RoleCounts, of: (role: WeightRole, count: number) => number): RoleCounts {
  return Object.fromEntries(
    // Object.entries widens the keys of RoleCounts to string.
    Object.entries(counts).map(([role, count]) => [role, Math.round(of(role as WeightRole, count))]),
  )
}
