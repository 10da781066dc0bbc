import type { ModelFacts, RoleCounts, WeightFacts, WeightRole } from '../model-facts.ts'

/** One tensor of a header: its name, element type as the format writes it, and bytes in the file. */
export interface TensorSize {
  name: string
  dtype: string
  sizeBytes: number
}

/** One safetensors header as parsed from JSON; `__metadata__` is not a tensor. */
export type SafetensorsHeader = Readonly<Record<string, unknown>>

/** Tensors of one safetensors header. Entries without offsets are left out: only offsets tell bytes. */
export function tensorsOfHeader(header: SafetensorsHeader): TensorSize[] {
  return placedTensors(header).map(({ name, dtype, start, end }) => ({ name, dtype, sizeBytes: end - start }))
}

function placedTensors(header: SafetensorsHeader) {
  return Object.entries(header).flatMap(([name, entry]) => {
    if (name === '__metadata__' || entry === null || typeof entry !== 'object') return []
    const offsets: unknown = 'data_offsets' in entry ? entry.data_offsets : undefined
    const dtype = 'dtype' in entry ? String(entry.dtype) : 'unknown'
    const [start, end]: unknown[] = Array.isArray(offsets) ? offsets : []
    return typeof start === 'number' && typeof end === 'number' ? [{ name, dtype, start, end }] : []
  })
}

/**
 * Facts with bytes counted from tensor headers. Parameters times nominal bits is wrong for packed int4, mixed checkpoints
 * and untied heads; the Hub's own total counts int32 words for packed int4 (jundot/omlx#3489).
 */
export function withTensors(facts: ModelFacts, tensors: readonly TensorSize[]): ModelFacts {
  if (tensors.length === 0) return facts
  const weights = weightsOf(tensors, facts.layerCount)
  return { ...facts, weights, tiedEmbeddings: weights.byRole.head === undefined }
}

function weightsOf(tensors: readonly TensorSize[], layerCount: number): WeightFacts {
  const byRole: RoleCounts = {}
  const byDtype: Record<string, number> = {}
  let totalBytes = 0
  for (const { name, dtype, sizeBytes } of tensors) {
    const role = roleOf(name, layerCount)
    byRole[role] = (byRole[role] ?? 0) + sizeBytes
    byDtype[dtype] = (byDtype[dtype] ?? 0) + sizeBytes
    totalBytes += sizeBytes
  }
  return { totalBytes, byRole, byDtype }
}

/** First rule that matches decides; the order is from the particular to the general. */
const rules: ReadonlyArray<readonly [WeightRole, RegExp]> = [
  ['layerEmbedding', /per_layer_token_embd|embed_tokens_per_layer/],
  ['draft', /(^|\.)(mtp|nextn|eagle)(_|\.|$)/],
  [
    'vision',
    /(^|\.)(visual|vision\w*|vit|image_\w+|multi_modal_projector|mm_projector|embed_vision|audio_\w+|embed_audio|mlp1)(\.|$)/,
  ],
  ['head', /(^|\.)(lm_head|embed_out|output)\.(weight|qweight|scales|qzeros|bias)/],
  ['shared', /shared_expert(s)?(\.|_(?!gate))|_shexp\./],
  ['expert', /(^|\.|_)(experts|ffn_\w+_exps)(\.|_|$)/],
  [
    'router',
    /(\.|_)(gate|router|ffn_gate_inp|shared_expert_gate)\.(weight|bias|e_score\w*)|exp_probs_b|e_score_correction/,
  ],
  ['mlaDown', /q_a_proj|kv_a_proj|fused_qkv_a|attn_q_a\b|attn_kv_a_mqa|indexer/],
  ['norm', /norm|(^|\.)ln_\w+\.|layer_norm/i],
  ['state', /linear_attn|mamba|(^|\.)mixer\.(in_proj|out_proj|conv1d|A|D|dt)|ssm_|short_?conv|\.conv\./],
  [
    'embedding',
    /embed_tokens|(^|\.)wte\.|word_embeddings|embed_in\.|tok_embeddings|token_embd|(^|\.)wpe\.|embed_positions|embeddings?\.weight$/,
  ],
  ['keyValue', /(\.|_)(k_proj|v_proj|k_b_proj|attn_k|attn_v|wk|wv)\./],
  ['attention', /attn|attention|(\.|_)(q_proj|o_proj|wq|wo)\.|sinks/],
  ['dense', /mlp|ffn|feed_forward|(\.|_)(fc1|fc2|gate_proj|up_proj|down_proj|w1|w2|w3)\.|dense_/],
]

/** Parts beside the text model count layers of their own: towers, and the encoder of a decoder. */
const ownLayers = /(^|\.)(visual|vision\w*|vit|image_\w+|audio_\w+|\w*encoder|\w*tower)\./

function roleOf(name: string, layerCount: number): WeightRole {
  const layer = /(?:^|\.)(?:layers|blk|h)\.(\d+)\./.exec(name)?.[1]
  if (layer !== undefined && Number(layer) >= layerCount && !ownLayers.test(name)) return 'draft'
  return rules.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other'
}
