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
    activeFfnSize: activeSizeOf(read),
    maxPositions: numberAt(read('context_length'), 0) || null,
    rotaryDim: 0,
    tiedEmbeddings: true,
    ...(layerChannels > 0 && { layerChannels }),
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

function activeSizeOf(read: Reader): number {
  const used = numberAt(read('expert_used_count'), 0)
  const expert = numberAt(read('expert_feed_forward_length'), 0)
  if (used && expert) return used * expert + (numberAt(read('expert_shared_feed_forward_length'), 0) ?? 0)
  return largestAt(read('feed_forward_length'))
}

function expertsOf(read: Reader, layerCount: number): ModelFacts['experts'] {
  const count = numberAt(read('expert_count'), 0)
  const perToken = numberAt(read('expert_used_count'), 0)
  if (!count || !perToken) return null
  const dense = numberAt(read('leading_dense_block_count'), 0) ?? 0
  return {
    count,
    perToken,
    ffnSize: numberAt(read('expert_feed_forward_length'), 0) ?? largestAt(read('feed_forward_length')),
    layerCount: layerCount - dense,
  }
}
