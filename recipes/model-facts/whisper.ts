import { type ModelFacts, runsOf } from '../model-facts.ts'

/** Begins every file in the form that ggml had before GGUF, which whisper.cpp still reads. */
const magic = 0x67676d6c

/** Magic and eleven numbers, each 32 bits, little-endian. */
export const whisperHeaderBytes = 48

/** Widths of a Whisper model are whole heads of 64. */
const headDim = 64

/**
 * Facts of a Whisper model from the first bytes of its file in ggml's form; undefined where they are no such header. What is known
 * as layers are those of the decoder: each keeps what was said and, beside it, the encoded sound.
 */
export function factsFromWhisper(header: Uint8Array): ModelFacts | undefined {
  if (header.length < whisperHeaderBytes) return undefined
  const view = new DataView(header.buffer, header.byteOffset, whisperHeaderBytes)
  const number = (index: number) => view.getInt32(index * 4, true)
  if (view.getUint32(0, true) !== magic) return undefined
  const sizes = {
    vocabSize: number(1),
    soundPieces: number(2),
    maxPositions: number(6),
    hiddenSize: number(7),
    headCount: number(8),
    layerCount: number(9),
  }
  return Object.values(sizes).every((size) => size > 0) ? factsOf(sizes) : undefined
}

interface WhisperSizes extends Pick<ModelFacts, 'vocabSize' | 'hiddenSize' | 'headCount' | 'layerCount'> {
  /** Pieces of sound that the encoder makes of 30 s. */
  soundPieces: number
  maxPositions: number
}

function factsOf({ soundPieces, ...sizes }: WhisperSizes): ModelFacts {
  const { headCount, layerCount, hiddenSize } = sizes
  const heads = { kvHeads: headCount, keyDim: headDim, valueDim: headDim }
  const layers = Array.from({ length: layerCount }, () => [
    { kind: 'full', ...heads } as const,
    { kind: 'cross', ...heads, encoderTokens: soundPieces } as const,
  ])
  return {
    architecture: 'WhisperForConditionalGeneration',
    modelType: 'whisper',
    source: 'ggml',
    dtype: 'float16',
    ...sizes,
    headDim,
    activeFfnSize: 4 * hiddenSize,
    rotaryDim: 0,
    tiedEmbeddings: true,
    layers: runsOf(layers.flat()),
    draftLayers: 0,
    experts: null,
    vision: null,
    quantization: null,
    parameters: null,
    weights: null,
    missing: [],
    doubts: [],
  }
}
