import { type ModelFacts, runsOf } from '../model-facts.ts'
import { isKnownFamily } from './families.ts'
import { ggmlTensorBytes, ggmlTypeName } from './ggml.ts'
import { ggufLayers, isEncoderGguf } from './gguf-layers.ts'
import { largestAt, numberAt, type Reader } from './gguf-values.ts'
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
  const layers = ggufLayers({ architecture, read }, { count: layerCount, headDim }, missing)
  const layerChannels = numberAt(read('embedding_length_per_layer_input'), 0) ?? 0
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
    activeFfnSize: activeSizeOf(architecture, read, tensors),
    maxPositions: numberAt(read('context_length'), 0) || null,
    rotaryDim: 0,
    tiedEmbeddings: true,
    ...(layerChannels > 0 && { layerChannels }),
    layers: runsOf(layers),
    draftLayers,
    experts: expertsOf(read, layerCount, tensors),
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
  if (isKnownFamily(architecture.replaceAll('-', '_')) || isEncoderGguf(architecture)) return []
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

function vocabularyOf(metadata: GgufMetadata, read: Reader): number {
  const tokens = metadata['tokenizer.ggml.tokens']
  return numberAt(read('vocab_size'), 0) ?? (Array.isArray(tokens) ? tokens.length : 0)
}

function activeSizeOf(architecture: string, read: Reader, tensors: readonly GgufTensor[]): number {
  const used = numberAt(read('expert_used_count'), 0)
  const expert = numberAt(read('expert_feed_forward_length'), 0) ?? expertWidthOf(tensors)
  if (used && expert) return used * (expertWidthOf(tensors) ?? expert) + sharedSizeOf(read, tensors, expert)
  return denseWidthOf(tensors) ?? largestAt(read('feed_forward_length')) / (architecture === 'qwen' ? 2 : 1)
}

/** Qwen's first models have half of what their header says; a matrix of both up and gate is read from the header. */
const denseWidthOf = (tensors: readonly GgufTensor[]) =>
  widthOf(tensors, '.ffn_gate.weight') && widthOf(tensors, '.ffn_up.weight')

/** Some loaders take the experts' width from the dense layers, whatever the header says: the tensors have it. */
const expertWidthOf = (tensors: readonly GgufTensor[]) => widthOf(tensors, '.ffn_up_exps.weight')

function widthOf(tensors: readonly GgufTensor[], ending: string): number | undefined {
  const width = tensors.find(({ name }) => name.endsWith(ending))?.shape[1]
  return width === undefined ? undefined : Number(width)
}

/** Width of what every token passes beside the experts it is given to: by name, or as many experts. */
function sharedSizeOf(read: Reader, tensors: readonly GgufTensor[], expert: number): number {
  const named =
    widthOf(tensors, '.ffn_up_shexp.weight') ?? numberAt(read('expert_shared_feed_forward_length'), 0)
  return named ?? (numberAt(read('expert_shared_count'), 0) ?? 0) * expert
}

function expertsOf(read: Reader, layerCount: number, tensors: readonly GgufTensor[]): ModelFacts['experts'] {
  const count = numberAt(read('expert_count'), 0)
  const perToken = numberAt(read('expert_used_count'), 0)
  if (!count || !perToken) return null
  const dense = numberAt(read('leading_dense_block_count'), 0) ?? 0
  return {
    count,
    perToken,
    ffnSize:
      expertWidthOf(tensors) ??
      numberAt(read('expert_feed_forward_length'), 0) ??
      largestAt(read('feed_forward_length')),
    layerCount: layerCount - dense,
    ...(dense > 0 && { denseSize: denseWidthOf(tensors) ?? largestAt(read('feed_forward_length')) }),
  }
}
