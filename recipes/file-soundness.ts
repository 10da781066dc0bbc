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

const neededFile =
  /\.(safetensors|gguf|bin|pt|pth|onnx|model|tiktoken|spm)$|(^|\/)(vocab|merges)\.txt$|(^|\/)(chat_template|additional_chat_templates\/[^/]+)\.jinja$/i

/** Files that are of no use without content. */
export function isNeverEmpty(path: string): boolean {
  return neededFile.test(path) || isNeededJson(path)
}

/** What is wrong with JSON text, or undefined. */
export function jsonProblem(text: string): string | undefined {
  // What cannot be read as UTF-8 becomes this character.
  if (text.startsWith('\ufffd')) return 'is not written in UTF-8, which loaders read'
  if (text.startsWith('\ufeff'))
    return 'begins with a byte order mark, which Python refuses in JSON: write it without one'
  if (text.trim() === '') return 'is empty'
  try {
    parsePythonJson(text)
    return undefined
  } catch (error) {
    const place = /line \d+ column \d+/.exec(String(error))?.[0]
    return jsonEndProblem(text, text) ?? `is no JSON${place === undefined ? '' : `, from ${place} on`}`
  }
}

/** What is wrong with the JSON of a model that is JSON: loaders take an object, and a list where modules are listed. */
export function jsonFormProblem(path: string, head: string): string | undefined {
  const begin = head.trimStart()[0]
  return begin === '{' || (begin === '[' && /(^|\/)modules\.json$/.test(path))
    ? undefined
    : 'holds no object, and loaders read one'
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
  const places: TensorPlace[] = []
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const offsets = isConfig(entry) ? entry['data_offsets'] : undefined
    const [begin, end] = Array.isArray(offsets) ? offsets : []
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin)
      return `says of its tensor ${name} no place in the file`
    const shapeBytes = bytesOfShape(entry)
    if (shapeBytes !== undefined && shapeBytes !== end - begin)
      return `gives its tensor ${name} a shape of ${shapeBytes} bytes and a place of ${end - begin}: loaders refuse that`
    places.push({ name, begin, end })
  }
  const wholeBytes = 8 + headerBytes + places.reduce((most, { end }) => Math.max(most, end), 0)
  if (sizeBytes === wholeBytes) return gapProblem(places)
  return sizeBytes < wholeBytes
    ? `has ${sizeBytes} bytes, and its header tells of ${wholeBytes}: it was cut`
    : `has ${sizeBytes} bytes, and its header tells of ${wholeBytes}: something was added, and loaders refuse that`
}

interface TensorPlace {
  name: string
  begin: number
  end: number
}

/** Each tensor begins where the one before it ends, or the library refuses the file (safetensors' Metadata::validate). */
function gapProblem(places: TensorPlace[]): string | undefined {
  let at = 0
  for (const { name, begin, end } of places.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      return `places its tensor ${name} at ${begin}, and the one before it ends at ${at}: loaders refuse that`
    at = end
  }
  return undefined
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

/** What the first 8 bytes of a file with the name of a GGUF tell against it. */
export function ggufBeginProblem(head: Uint8Array): string | undefined {
  const bytes = Buffer.from(head)
  if (bytes.subarray(0, 4).toString('latin1') !== 'GGUF')
    return /^(ggml|ggmf|ggjt|lmgg|fmgg|tjgg)/.test(bytes.toString('latin1'))
      ? 'is in a form of ggml from before GGUF, which engines do not read any more: convert the model again'
      : 'does not begin as a GGUF file does'
  // A version is a small number: in the other order of bytes its low half is empty.
  return bytes.length === 8 && bytes.readUInt16LE(4) === 0
    ? 'is written for big-endian machines, and images are for little-endian ones'
    : undefined
}

/** A shard knows how many there are. Engines find the others by a name that ends in `-00001-of-0000N.gguf`. */
export function ggufSplitProblem(
  path: string,
  metadata: Readonly<Record<string, unknown>>,
): string | undefined {
  const count = Number(metadata['split.count'] ?? 1)
  // llama.cpp writes the names of the others itself, in small letters (`llama_split_path`).
  const named = Number(/-\d{5}-of-(\d{5})\.gguf$/.exec(path)?.[1] ?? 1)
  return count < 2 || count === named
    ? undefined
    : `is one of ${count} shards by its header, and engines find them by names that end in -00001-of-${String(count).padStart(5, '0')}.gguf`
}

/** What is wrong with the size of a GGUF file whose last tensor ends at `endBytes`. */
export function ggufProblem(endBytes: number, sizeBytes: number): string | undefined {
  return sizeBytes >= endBytes
    ? undefined
    : `has ${sizeBytes} bytes, and its last tensor ends at ${endBytes}: it was cut`
}
