import { type LayerKind, type ModelFacts, runsOf } from '../model-facts.ts'
import { isKnownFamily } from './families.ts'
import { ggmlTensorBytes, ggmlTypeName } from './ggml.ts'
import { type TensorSize, withTensors } from './tensors.ts'

/** Key/value pairs of a GGUF header; numbers may be bigint as the format has 64-bit ones. */
export type GgufMetadata = Readonly<Record<string, unknown>>

export interface GgufTensor {
  name: string
  /** Dimensions with the contiguous one first. */
  shape: readonly (number | bigint)[]
  /** ggml type id. */
  dtype: number
}

type Reader = (key: string) => unknown

/** Facts from the header of a GGUF file: its metadata and the list of its tensors. */
export function factsFromGguf(metadata: GgufMetadata, tensors: readonly GgufTensor[]): ModelFacts {
  const architecture = String(metadata['general.architecture'] ?? 'unknown')
  const read: Reader = (key) => metadata[`${architecture}.${key}`]
  const missing: string[] = []
  const draftLayers = numberAt(read('nextn_predict_layers'), 0) ?? 0
  const layerCount = needed(read, 'block_count', missing) - draftLayers
  const hiddenSize = needed(read, 'embedding_length', missing)
  const headCount = numberAt(read('attention.head_count'), 0) ?? 0
  const headDim =
    numberAt(read('attention.key_length'), 0) ?? (headCount ? Math.floor(hiddenSize / headCount) : 0)
  const sizes = tensors.map((tensor) => sizeOf(tensor, missing))
  const layers = layersOf({ architecture, read }, { count: layerCount, headDim }, missing)
  const facts: ModelFacts = {
    architecture: `gguf:${architecture}`,
    modelType: architecture,
    source: 'gguf',
    dtype: 'float16',
    hiddenSize,
    vocabSize: vocabularyOf(metadata, read),
    layerCount,
    headCount,
    headDim,
    activeFfnSize: activeSizeOf(read),
    maxPositions: numberAt(read('context_length'), 0) || null,
    rotaryDim: 0,
    tiedEmbeddings: true,
    layers: runsOf(layers),
    draftLayers,
    experts: expertsOf(read, layerCount),
    vision: null,
    quantization: null,
    parameters: null,
    weights: null,
    missing: [...new Set(missing)],
    doubts: doubtsOf(architecture),
  }
  return withTensors(facts, sizes)
}

function needed(read: Reader, key: string, missing: string[]): number {
  const value = numberAt(read(key), 0)
  if (value === undefined) missing.push(key)
  return value ?? 1
}

/** llama.cpp writes `gpt-oss`, `deepseek2` and `qwen35moe` where configurations have `gpt_oss`, `deepseek_v3` and `qwen3_5_moe`. */
function doubtsOf(architecture: string): string[] {
  if (isKnownFamily(architecture.replaceAll('-', '_'))) return []
  return [
    `the GGUF architecture ${architecture} is not known here; plain attention with its printed sizes is assumed`,
  ]
}

function sizeOf(tensor: GgufTensor, missing: string[]): TensorSize {
  const bytes = ggmlTensorBytes(tensor.dtype, tensor.shape.map(Number))
  if (bytes === undefined) missing.push(`block size of ggml type ${tensor.dtype}`)
  return {
    name: tensor.name,
    dtype: ggmlTypeName(tensor.dtype) ?? `type ${tensor.dtype}`,
    sizeBytes: bytes ?? 0,
  }
}

/** A number, or the one at `index` where the header gives a value for each layer. */
function numberAt(value: unknown, index: number): number | undefined {
  const one = Array.isArray(value) ? (value[index] ?? value.at(-1)) : value
  return typeof one === 'number' || typeof one === 'bigint' ? Number(one) : undefined
}

function vocabularyOf(metadata: GgufMetadata, read: Reader): number {
  const tokens = metadata['tokenizer.ggml.tokens']
  return numberAt(read('vocab_size'), 0) ?? (Array.isArray(tokens) ? tokens.length : 0)
}

function activeSizeOf(read: Reader): number {
  const used = numberAt(read('expert_used_count'), 0)
  const expert = numberAt(read('expert_feed_forward_length'), 0)
  if (used && expert) return used * expert + (numberAt(read('expert_shared_feed_forward_length'), 0) ?? 0)
  return numberAt(read('feed_forward_length'), 0) ?? 0
}

function expertsOf(read: Reader, layerCount: number): ModelFacts['experts'] {
  const count = numberAt(read('expert_count'), 0)
  const perToken = numberAt(read('expert_used_count'), 0)
  if (!count || !perToken) return null
  const dense = numberAt(read('leading_dense_block_count'), 0) ?? 0
  return {
    count,
    perToken,
    ffnSize: numberAt(read('expert_feed_forward_length'), 0) ?? 0,
    layerCount: layerCount - dense,
  }
}

/** Length of the repeated pattern whose last layer sees everything, where the header has a window but no pattern. */
const patternLengths: Readonly<Record<string, number>> = {
  gemma2: 2,
  gemma3: 6,
  gemma3n: 5,
  'gpt-oss': 2,
  cohere2: 4,
}

function layersOf(
  { architecture, read }: { architecture: string; read: Reader },
  { count, headDim }: { count: number; headDim: number },
  missing: string[],
): LayerKind[] {
  return Array.from({ length: count }, (_, index): LayerKind => {
    if (index >= count - (numberAt(read('attention.shared_kv_layers'), 0) ?? 0)) return { kind: 'none' }
    if (isRecurrent(read, index)) return stateOf(read, missing)
    const latent = latentRankOf(read)
    if (latent) return latentOf(read, latent)
    const isWindow = isWindowAt(architecture, read, index)
    const suffix = isWindow && read('attention.key_length_swa') !== undefined ? '_swa' : ''
    const kvHeads =
      numberAt(read('attention.head_count_kv'), index) ?? numberAt(read('attention.head_count'), index) ?? 0
    if (kvHeads === 0) return isFeedForward(read, index) ? { kind: 'none' } : stateOf(read, missing)
    const keyDim = numberAt(read(`attention.key_length${suffix}`), index) ?? headDim
    const valueDim = numberAt(read(`attention.value_length${suffix}`), index) ?? keyDim
    const windowTokens = numberAt(read('attention.sliding_window'), 0) ?? 0
    return isWindow && windowTokens > 0
      ? { kind: 'window', kvHeads, keyDim, valueDim, windowTokens }
      : { kind: 'full', kvHeads, keyDim, valueDim }
  })
}

/** Nemotron-H gives each layer a feed-forward width or a state, and no layer both. */
function isFeedForward(read: Reader, index: number): boolean {
  const widths = read('feed_forward_length')
  const alternates = Array.isArray(widths) && widths.some((width) => Number(width) === 0)
  return read('ssm.state_size') === undefined || (alternates && Number(widths[index]) > 0)
}

function isRecurrent(read: Reader, index: number): boolean {
  if (read('ssm.state_size') === undefined) return false
  const interval = numberAt(read('full_attention_interval'), 0)
  return interval !== undefined && (index + 1) % interval !== 0
}

function isWindowAt(architecture: string, read: Reader, index: number): boolean {
  const pattern = read('attention.sliding_window_pattern')
  if (Array.isArray(pattern)) return pattern[index] === true || pattern[index] === 1
  if (!numberAt(read('attention.sliding_window'), 0)) return false
  const length = numberAt(pattern, 0) ?? patternLengths[architecture]
  return length !== undefined && index % length < length - 1
}

/** Files written before llama.cpp knew MLA have a latent rank but no size of its keys, and keep whole heads. */
function latentRankOf(read: Reader): number | undefined {
  return read('attention.key_length_mla') === undefined
    ? undefined
    : numberAt(read('attention.kv_lora_rank'), 0)
}

/** K is latent and rotary part together, V is read from the latent (vector V31 in test/images/memory/vectors). */
function latentOf(read: Reader, latentDim: number): LayerKind {
  const ropeDim = numberAt(read('rope.dimension_count'), 0) ?? 0
  return { kind: 'mla', latentDim, ropeDim, indexDim: numberAt(read('attention.indexer.key_length'), 0) ?? 0 }
}

/** `ssm.inner_size` = heads x head size, `ssm.group_count` = key heads or groups, `ssm.state_size` = key dimension. */
function stateOf(read: Reader, missing: string[]): LayerKind {
  const inner = numberAt(read('ssm.inner_size'), 0)
  const states = numberAt(read('ssm.state_size'), 0)
  if (!inner || !states) missing.push('ssm.inner_size, ssm.state_size')
  const groupCount = numberAt(read('ssm.group_count'), 0) ?? 0
  return {
    kind: 'state',
    family: numberAt(read('ssm.time_step_rank'), 0) && groupCount > 0 ? 'mamba2' : 'mamba1',
    convTaps: (numberAt(read('ssm.conv_kernel'), 0) ?? 4) - 1,
    innerChannels: inner ?? 0,
    groupChannels: groupCount > 0 ? 2 * (states ?? 0) : 0,
    groupCount,
    stateElements: (inner ?? 0) * (states ?? 0),
    stateDtype: 'float32',
  }
}
