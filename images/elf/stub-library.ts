import { encodeHeader, encodeSegments } from './encode.ts'
import {
  elfTypes,
  headerBytes,
  machines,
  type Segment,
  segmentBytes,
  segmentFlags,
  segmentTypes,
} from './file.ts'
import { viewOf, writeU64 } from './reader.ts'

/** A library whose functions take nothing and give one number. */
export interface StubLibrary {
  soname: string
  functions: readonly string[]
  /** From 0 to 65535. */
  returns: number
}

/** Field widths and order: System V gABI chapter 5, dynamic linking. */
const symbolBytes = 24
const tags = {
  end: 0,
  hash: 4,
  strings: 5,
  symbols: 6,
  stringBytes: 10,
  symbolBytes: 11,
  soname: 14,
} as const
/** Global function (`STB_GLOBAL << 4 | STT_FUNC`) in some section. */
const globalFunction = 0x12
const someSection = 1
/** The loader writes into the dynamic section, so it lies on a page of its own. */
const pageBytes = 0x1000

/** The bytes of a shared object that the loader of Linux opens, for x86-64 or arm64; the same for the same input. */
export function stubLibrary(library: StubLibrary, machine: 'x86' | 'arm64'): Uint8Array {
  const { soname, functions } = library
  const strings = stringTable([soname, ...functions])
  const hash = hashTable(functions.length)
  const code = codeOf(library.returns, machine)
  const tables = layOut(headerBytes + 4 * segmentBytes, {
    hash,
    symbols: new Uint8Array((functions.length + 1) * symbolBytes),
    strings: strings.bytes,
    code,
  })
  const names = functions.map((name) => strings.at.get(name) ?? 0)
  writeSymbols(tables.parts.symbols, names, { at: tables.at.code, sizeBytes: code.length })
  const dynamic = dynamicSection([
    [tags.soname, strings.at.get(soname) ?? 0],
    [tags.hash, tables.at.hash],
    [tags.symbols, tables.at.symbols],
    [tags.symbolBytes, symbolBytes],
    [tags.strings, tables.at.strings],
    [tags.stringBytes, strings.bytes.length],
    [tags.end, 0],
  ])
  const file = new Uint8Array(pageBytes * Math.ceil(tables.end / pageBytes) + dynamic.length)
  const dynamicAt = file.length - dynamic.length
  file.set(heads(machine, tables.end, { at: dynamicAt, sizeBytes: dynamic.length }))
  for (const name of ['hash', 'symbols', 'strings', 'code'] as const)
    file.set(tables.parts[name], tables.at[name])
  file.set(dynamic, dynamicAt)
  return file
}

interface Extent {
  at: number
  sizeBytes: number
}

function heads(machine: 'x86' | 'arm64', textEnd: number, dynamic: Extent): Uint8Array {
  const text = { at: 0, sizeBytes: textEnd }
  const { execute, read, write } = segmentFlags
  const segments = [
    segment(segmentTypes.load, read | execute, text, pageBytes),
    segment(segmentTypes.load, read | write, dynamic, pageBytes),
    segment(segmentTypes.dynamic, read | write, dynamic, 8),
    // Without it the loader wants a stack that may be executed.
    segment(segmentTypes.stack, read | write, { at: 0, sizeBytes: 0 }, 16),
  ]
  const header = encodeHeader({
    identification: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    type: elfTypes.shared,
    machine: machines[machine],
    version: 1,
    ...{ entry: 0, programHeaderOffset: headerBytes, sectionHeaderOffset: 0, flags: 0 },
    ...{ segmentCount: segments.length, sectionCount: 0, sectionNameIndex: 0 },
  })
  return Uint8Array.of(...header, ...encodeSegments(segments))
}

function segment(type: number, flags: number, { at, sizeBytes }: Extent, alignment: number): Segment {
  return {
    ...{ type, flags, alignment },
    ...{ offset: at, address: at, physicalAddress: at, fileBytes: sizeBytes, memoryBytes: sizeBytes },
  }
}

/** The parts one behind the other from `start` on, each at a multiple of 16. */
function layOut<Name extends string>(
  start: number,
  parts: Record<Name, Uint8Array>,
): { parts: Record<Name, Uint8Array>; at: Record<Name, number>; end: number } {
  let end = start
  const at: [string, number][] = []
  for (const [name, bytes] of Object.entries<Uint8Array>(parts)) {
    end = 16 * Math.ceil(end / 16)
    at.push([name, end])
    end += bytes.length
  }
  // Its keys are those of the parts.
  return { parts, at: Object.fromEntries(at) as Record<Name, number>, end }
}

function stringTable(texts: readonly string[]): { bytes: Uint8Array; at: Map<string, number> } {
  const at = new Map<string, number>()
  let whole = '\0'
  for (const text of texts) {
    at.set(text, whole.length)
    whole += `${text}\0`
  }
  return { bytes: new TextEncoder().encode(whole), at }
}

/** One bucket, whose chain goes through all symbols; the first symbol is none. */
function hashTable(count: number): Uint8Array {
  const chain = Array.from({ length: count + 1 }, (_, index) => (index > 0 && index < count ? index + 1 : 0))
  const words = [1, count + 1, count > 0 ? 1 : 0, ...chain]
  const bytes = new Uint8Array(4 * words.length)
  for (const [index, word] of words.entries()) viewOf(bytes).setUint32(4 * index, word, true)
  return bytes
}

function writeSymbols(table: Uint8Array, names: readonly number[], { at, sizeBytes }: Extent): void {
  const view = viewOf(table)
  for (const [index, name] of names.entries()) {
    const start = (index + 1) * symbolBytes
    view.setUint32(start, name, true)
    view.setUint8(start + 4, globalFunction)
    view.setUint16(start + 6, someSection, true)
    writeU64(view, start + 8, at)
    writeU64(view, start + 16, sizeBytes)
  }
}

function dynamicSection(entries: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(16 * entries.length)
  for (const [index, [tag, value]] of entries.entries()) {
    writeU64(viewOf(bytes), 16 * index, tag)
    writeU64(viewOf(bytes), 16 * index + 8, value)
  }
  return bytes
}

/** `mov eax, N; ret`, and `mov w0, #N; ret` (Intel's and Arm's manuals of their instructions). */
function codeOf(returns: number, machine: 'x86' | 'arm64'): Uint8Array {
  if (machine === 'x86') return Uint8Array.of(0xb8, returns & 0xff, returns >> 8, 0, 0, 0xc3)
  const bytes = new Uint8Array(8)
  viewOf(bytes).setUint32(0, 0x52800000 | (returns << 5), true)
  viewOf(bytes).setUint32(4, 0xd65f03c0, true)
  return bytes
}
