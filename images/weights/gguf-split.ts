import { u16, u32, u64 } from '../../lib/little-endian.ts'
import { type FilePart, partName, ShortHeadError, type SplitFile } from './split.ts'

interface Tensor {
  name: string
  /** Dimensions and type as the file has them. */
  shape: Uint8Array
  offset: number
}

interface GgufHead {
  version: number
  keyCount: number
  /** The key-value section, byte by byte, less what a former cut wrote into it. */
  keys: Uint8Array
  alignment: number
  isPart: boolean
  tensors: Tensor[]
  dataStart: number
}

/** Bytes of one value by its type number; strings and arrays are read apart. */
const scalarBytes: Record<number, number> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
}
/** `GGUF` as a little-endian number. */
const magic = 0x46554747

/** Length of the name, number of dimensions, type and offset. */
const leastTensorBytes = 8 + 4 + 4 + 8
/** Length of a text; a list has its type and length. */
const leastValueBytes = 8
/** Files in use have none inside another. */
const mostNestedArrays = 8

const stringType = 8
const arrayType = 9

/**
 * Cuts a GGUF at tensor borders into the parts that llama.cpp loads by itself when it is given the first
 * (`NAME-00001-of-0000N.gguf`). `head` is the start of the file; throws `ShortHeadError` while it is too short. Undefined
 * where one tensor is too large, or the file is a part already. A file that `llama-gguf-split --merge` made of parts is none: it keeps their
 * keys, with a count of 0 (llama.cpp-tools-extra 0.7.0).
 */
export function splitGguf(
  head: Uint8Array,
  file: { path: string; sizeBytes: number },
  maxPartBytes: number,
): SplitFile | undefined {
  const parsed = parseHead(head)
  if (parsed.isPart) return undefined
  const dataBytes = file.sizeBytes - parsed.dataStart
  const groups = groupTensors(parsed, dataBytes, maxPartBytes)
  const parts = groups.map((tensors, index): FilePart => {
    const start = tensors[0]?.offset ?? 0
    const next = groups[index + 1]?.[0]?.offset ?? dataBytes
    return {
      path: partName(file.path, index, groups.length),
      header: partHeader(parsed, tensors, index, groups.length),
      start: parsed.dataStart + start,
      end: parsed.dataStart + next,
      tensors: tensors.map(({ name }) => name),
    }
  })
  const tooLarge = parts.some((part) => part.header.length + part.end - part.start > maxPartBytes)
  return tooLarge ? undefined : { dataStart: parsed.dataStart, parts }
}

function groupTensors(head: GgufHead, dataBytes: number, maxPartBytes: number): Tensor[][] {
  const sorted = [...head.tensors].sort((a, b) => a.offset - b.offset)
  const keysBytes = head.keys.length + 256
  const groups: { tensors: Tensor[]; headerBytes: number; start: number }[] = []
  sorted.forEach((tensor, i) => {
    const end = sorted[i + 1]?.offset ?? dataBytes
    const infoBytes = tensor.shape.length + tensor.name.length * 4 + 32
    const last = groups.at(-1)
    if (last && last.headerBytes + infoBytes + (end - last.start) <= maxPartBytes) {
      last.tensors.push(tensor)
      last.headerBytes += infoBytes
    } else
      groups.push({
        tensors: [tensor],
        headerBytes: infoBytes + (last ? 512 : keysBytes),
        start: tensor.offset,
      })
  })
  return groups.map((group) => group.tensors)
}

function partHeader(head: GgufHead, tensors: Tensor[], index: number, count: number): Uint8Array {
  const own = [
    keyValue('split.no', 2, u16(index)),
    keyValue('split.count', 2, u16(count)),
    keyValue('split.tensors.count', 5, u32(head.tensors.length)),
  ]
  const alignment = head.alignment === 32 ? [] : [keyValue('general.alignment', 4, u32(head.alignment))]
  const keys = index === 0 ? [head.keys, ...own] : [...alignment, ...own]
  const keyCount = (index === 0 ? head.keyCount : alignment.length) + own.length
  const base = tensors[0]?.offset ?? 0
  const infos = tensors.map((tensor) =>
    Buffer.concat([text(tensor.name), tensor.shape, u64(tensor.offset - base)]),
  )
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(head.version),
    u64(tensors.length),
    u64(keyCount),
    ...keys,
    ...infos,
  ])
  return Buffer.concat([header, Buffer.alloc(padding(header.length, head.alignment))])
}

function parseHead(bytes: Uint8Array): GgufHead {
  const reader = readerOf(bytes)
  if (reader.u32() !== magic) throw new Error('it does not begin with GGUF')
  const version = reader.u32()
  const tensorCount = reader.u64()
  const allKeyCount = reader.u64()
  const kept: Uint8Array[] = []
  let alignment = 32
  let isPart = false
  for (let i = 0; i < allKeyCount; i++) {
    const start = reader.position()
    const key = reader.text()
    const type = reader.u32()
    if (key === 'general.alignment') alignment = reader.peekU32()
    if (key === 'split.count') isPart = (reader.peekU32() & 0xffff) > 1
    skipValue(reader, type)
    if (!key.startsWith('split.')) kept.push(bytes.subarray(start, reader.position()))
  }
  const keyCount = kept.length
  const keys = Buffer.concat(kept)
  if (alignment === 0) throw new Error('it aligns its tensors to 0 bytes')
  reader.requireRoom(tensorCount, leastTensorBytes)
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = reader.text()
    const shapeStart = reader.position()
    const dimensions = reader.u32()
    reader.skip(dimensions * 8 + 4)
    return { name, shape: bytes.subarray(shapeStart, reader.position()), offset: reader.u64() }
  })
  const end = reader.position()
  return { version, keyCount, keys, alignment, isPart, tensors, dataStart: end + padding(end, alignment) }
}

function skipValue(reader: ReturnType<typeof readerOf>, type: number, depth = 0): void {
  if (type === stringType) reader.text()
  else if (type === arrayType) skipArray(reader, depth)
  else reader.skip(bytesOfScalar(type))
}

/** A type that nobody knows has a length that nobody knows: what follows it cannot be read. */
function bytesOfScalar(type: number): number {
  const sizeBytes = scalarBytes[type]
  if (sizeBytes === undefined) throw new Error(`it has a value of type ${type}, which GGUF has not`)
  return sizeBytes
}

function skipArray(reader: ReturnType<typeof readerOf>, depth: number): void {
  const element = reader.u32()
  const length = reader.u64()
  if (element !== stringType && element !== arrayType) {
    reader.skip(bytesOfScalar(element) * length)
    return
  }
  if (element === arrayType && depth === mostNestedArrays)
    throw new Error('its lists lie too deep in each other')
  reader.requireRoom(length, leastValueBytes)
  for (let i = 0; i < length; i++) skipValue(reader, element, depth + 1)
}

function readerOf(bytes: Uint8Array) {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  function take(sizeBytes: number): number {
    if (at + sizeBytes > view.length) throw new ShortHeadError()
    at += sizeBytes
    return at - sizeBytes
  }
  const u64 = () => Number(view.readBigUInt64LE(take(8)))
  return {
    position: () => at,
    skip: (sizeBytes: number) => void take(sizeBytes),
    /** A head that says of itself that it goes on is too short, before anything is made for what it promises. */
    requireRoom(count: number, leastBytes: number) {
      if (at + count * leastBytes > view.length) throw new ShortHeadError()
    },
    u32: () => view.readUInt32LE(take(4)),
    peekU32: () => (at + 4 > view.length ? 0 : view.readUInt32LE(at)),
    u64,
    text: () => {
      const length = u64()
      const start = take(length)
      return view.toString('utf8', start, start + length)
    },
  }
}

function keyValue(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([text(key), u32(type), value])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

function padding(length: number, alignment: number): number {
  return (alignment - (length % alignment)) % alignment
}
