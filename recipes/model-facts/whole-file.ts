import { ggmlTensorBytes } from './ggml.ts'
import type { GgufTensor } from './gguf.ts'
import { type SafetensorsHeader, tensorEndOf } from './tensors.ts'

/** What a parser of GGUF headers finds: the tensors, where their data begins and where the header itself ends. */
export interface GgufLayout {
  tensorInfos: readonly (GgufTensor & { offset: bigint })[]
  tensorDataOffset: bigint
  tensorInfoByteRange: readonly [number, number]
}

/**
 * Bytes that a GGUF file has at least. A parser reads zeros behind the end of a file that is cut in its header, so what it finds there
 * is believed only where the file is as long as this. Data of a type that is not known here counts as none.
 */
export function leastBytesOfGguf({ tensorInfos, tensorDataOffset, tensorInfoByteRange }: GgufLayout): number {
  const ends = tensorInfos.map(({ offset, dtype, shape }) => {
    return Number(tensorDataOffset + offset) + (ggmlTensorBytes(dtype, shape.map(Number)) ?? 0)
  })
  return ends.reduce((most, end) => Math.max(most, end), tensorInfoByteRange[1])
}

/** Bytes that a safetensors file has at least: the 8 of the header's length, the header, and the tensors behind it. */
export function leastBytesOfSafetensors(header: SafetensorsHeader, headerBytes: number): number {
  return 8 + headerBytes + tensorEndOf(header)
}
