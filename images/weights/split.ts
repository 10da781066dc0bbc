/** A file of its own that is a new header and a stretch of another file. `end` is exclusive. */
export interface FilePart {
  path: string
  header: Uint8Array
  start: number
  end: number
  /** Names of the tensors in it. */
  tensors: string[]
}

/** Parts whose stretches follow each other from `dataStart` to the end of the file. */
export interface SplitFile {
  dataStart: number
  parts: FilePart[]
}

/** Thrown while a header is read that ends behind the bytes at hand; more of them help. */
export class ShortHeadError extends Error {}

/** `model.gguf` as `model-00001-of-00003.gguf`, the form that llama.cpp and transformers share. */
export function partName(path: string, index: number, count: number): string {
  const digits = (value: number) => String(value).padStart(5, '0')
  return path.replace(/(\.[^./]+)$/, `-${digits(index + 1)}-of-${digits(count)}$1`)
}
