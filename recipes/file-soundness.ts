import { parsePythonJson } from '../lib/python-json.ts'
import { isConfig } from './model-facts/config-value.ts'
import type { SafetensorsHeader } from './model-facts/tensors.ts'

/** Begins the text that git writes in place of a file that its extension LFS holds. */
const pointerBegin = 'version https://git-lfs.github.com/spec/'

/** Pointers have some 130 bytes. */
export const mostPointerBytes = 1024

export const pointerProblem = 'is a Git LFS pointer and not the file'

export function isLfsPointer(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, pointerBegin.length)).toString('latin1') === pointerBegin
}

/** Pages and errors of servers are small. */
export const mostPageBytes = 1024 ** 2

export const pageProblem =
  'is a page of a web server and not the file: a login or an error was saved in its place'

/** Whether a file begins as an HTML page does, or the error of an object store. */
export function isPage(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, 256)).toString('latin1')
  return /^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body|\?xml|error>)/i.test(text)
}

const neededJson =
  /(^|\/)((generation_|tokenizer_|preprocessor_|processor_|video_preprocessor_|adapter_|sentence_bert_|quantize_|hf_quant_|quant_)?config|tokenizer|special_tokens_map|added_tokens|vocab|chat_template|modules|params|tekken|[^/]+\.index)\.json$/

/** JSON that a server or a loader parses before it starts. */
export function isNeededJson(path: string): boolean {
  return neededJson.test(path)
}

const neededFile = /\.(safetensors|gguf|bin|pt|pth|onnx|model|tiktoken|spm)$|(^|\/)(vocab|merges)\.txt$/i

/** Files that are of no use without content. */
export function isNeverEmpty(path: string): boolean {
  return neededFile.test(path) || isNeededJson(path)
}

/** What is wrong with JSON text, or undefined. */
export function jsonProblem(text: string): string | undefined {
  if (text.trim() === '') return 'is empty'
  try {
    parsePythonJson(text)
    return undefined
  } catch {
    return jsonEndProblem(text, text) ?? 'is no JSON'
  }
}

/** For JSON that is too large to be parsed here: whether it ends as it begins. */
export function jsonEndProblem(head: string, tail: string): string | undefined {
  const begin = head.trimStart()[0] ?? ''
  const end = { '{': '}', '[': ']' }[begin]
  if (end === undefined) return 'is no JSON'
  return tail.trimEnd().endsWith(end) ? undefined : 'ends in the middle of its JSON: it was cut'
}

/** What is wrong with the size of a safetensors file whose header has `headerBytes` bytes behind its length. */
export function safetensorsProblem(
  header: SafetensorsHeader,
  headerBytes: number,
  sizeBytes: number,
): string | undefined {
  let dataBytes = 0
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const offsets = isConfig(entry) ? entry['data_offsets'] : undefined
    const [begin, end] = Array.isArray(offsets) ? offsets : []
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin)
      return `says of its tensor ${name} no place in the file`
    const shapeBytes = bytesOfShape(entry)
    if (shapeBytes !== undefined && shapeBytes !== end - begin)
      return `gives its tensor ${name} a shape of ${shapeBytes} bytes and a place of ${end - begin}: loaders refuse that`
    dataBytes = Math.max(dataBytes, end)
  }
  const wholeBytes = 8 + headerBytes + dataBytes
  if (sizeBytes === wholeBytes) return undefined
  return sizeBytes < wholeBytes
    ? `has ${sizeBytes} bytes, and its header tells of ${wholeBytes}: it was cut`
    : `has ${sizeBytes} bytes, and its header tells of ${wholeBytes}: something was added, and loaders refuse that`
}

const elementBytes: Readonly<Record<string, number>> = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2 },
  ...{ F8_E4M3: 1, F8_E5M2: 1, I8: 1, U8: 1, BOOL: 1 },
}

/** Undefined for element types that are not known here, such as those below a byte. */
function bytesOfShape(entry: unknown): number | undefined {
  const { dtype, shape } = isConfig(entry) ? entry : {}
  const bytes = elementBytes[String(dtype)]
  if (bytes === undefined || !Array.isArray(shape)) return undefined
  return shape.reduce((product: number, size) => product * Number(size), bytes)
}

/** Tensors that an index places in a file whose header has no such tensor. */
export function misplacedTensors(
  weightMap: Readonly<Record<string, unknown>>,
  headers: ReadonlyMap<string, SafetensorsHeader>,
): string[] {
  return Object.entries(weightMap).flatMap(([tensor, file]) => {
    const header = headers.get(String(file))
    return header === undefined || Object.hasOwn(header, tensor)
      ? []
      : [`${String(file)} lacks the tensor ${tensor}`]
  })
}

/** What makes a whole GGUF file one that no engine loads as a model. The first of several shards may have no tensors. */
export function ggufUnusable(path: string, version: number, tensors: number): string | undefined {
  if (version === 1)
    return 'is GGUF of version 1, which engines do not read any more: convert the model again'
  return tensors === 0 && !/-\d{5}-of-\d{5}\.gguf$/i.test(path)
    ? 'has no tensors: it is a vocabulary, or of a form that is not read here'
    : undefined
}

/** What is wrong with the size of a GGUF file whose last tensor ends at `endBytes`. */
export function ggufProblem(endBytes: number, sizeBytes: number): string | undefined {
  return sizeBytes >= endBytes
    ? undefined
    : `has ${sizeBytes} bytes, and its last tensor ends at ${endBytes}: it was cut`
}

/** Repositories other than the model's own whose code a configuration names: `owner/name--module.Class`. */
export function foreignCode(config: unknown): string[] {
  const map = isConfig(config) ? config['auto_map'] : undefined
  if (!isConfig(map)) return []
  const names = Object.values(map)
    .flat()
    .flatMap((value) =>
      typeof value === 'string' && value.includes('--') ? [value.split('--')[0] ?? ''] : [],
    )
  return [...new Set(names)].sort()
}
