import { ElfError } from '../elf/error.ts'
import {
  bytesInFile,
  type ElfFile,
  elfTypes,
  machines,
  sectionBytes,
  segmentBytes,
  segmentTypes,
} from '../elf/file.ts'
import { loadedReader } from '../elf/loaded.ts'
import { parseElf } from '../elf/parse.ts'
import { type ByteReader, viewOf } from '../elf/reader.ts'
import type { Range } from '../elf/spans.ts'
import { processorOfFlags } from './processors.ts'

/** A code object for AMD's GPUs: an ELF file of its own. */
export interface CodeObject {
  /** `gfx90a`; null where it names none that is known. */
  processor: string | null
  /** Virtual address in a library, 0 for a file. */
  offset: number
  sizeBytes: number
}

/** The first bytes of `e_ident`, the last of them for the operating system (LLVM, "User Guide for AMDGPU Backend"). */
const identification = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 64)
const leastBytes = 64
const chunkBytes = 1 << 20

/** The processor of a file that is a code object itself, such as rocBLAS's kernel files; undefined for any other file. */
export async function readCodeObject(reader: ByteReader, elf: ElfFile): Promise<CodeObject | undefined> {
  if (elf.header.machine !== machines.amdGpu) return undefined
  return { processor: await processorOf(reader, elf), offset: 0, sizeBytes: reader.sizeBytes }
}

/**
 * Code objects that lie bare in the data of a library, as those for images in AMD's runtime do; `apart` are ranges of addresses that are
 * read in another way.
 */
export async function findCodeObjects(reader: ByteReader, elf: ElfFile, apart: Range): Promise<CodeObject[]> {
  if (elf.header.machine === machines.amdGpu) return []
  const memory = loadedReader(reader, elf)
  const found: CodeObject[] = []
  for (const range of dataRanges(elf, apart))
    for (let at = range.start; at < range.end; ) {
      const next = await nextHead(memory, at, range.end)
      if (next === null) break
      const object = await codeObjectAt(memory, next, range.end)
      if (object !== null) found.push(object)
      at = next + (object?.sizeBytes ?? identification.length)
    }
  return found
}

/** Bytes that a file has of its loaded segments, without those apart. */
function dataRanges({ header, segments }: ElfFile, apart: Range): Range[] {
  if (header.type !== elfTypes.shared) return []
  return segments
    .filter(({ type }) => type === segmentTypes.load)
    .map(({ address, fileBytes }) => ({ start: address, end: address + fileBytes }))
    .flatMap(({ start, end }) => [
      { start, end: Math.min(end, Math.max(start, apart.start)) },
      { start: Math.max(start, Math.min(end, apart.end)), end },
    ])
    .filter(({ start, end }) => end > start)
}

async function nextHead(memory: ByteReader, start: number, end: number): Promise<number | null> {
  for (let at = start; at + leastBytes <= end; ) {
    const chunk = await memory.read(at, Math.min(chunkBytes, end - at))
    const hit = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).indexOf(identification)
    if (hit >= 0) return at + hit
    // A head that began at the end of the chunk is read again.
    at += Math.max(1, chunk.length - identification.length)
  }
  return null
}

/** Null for bytes that only begin as one. */
async function codeObjectAt(memory: ByteReader, offset: number, end: number): Promise<CodeObject | null> {
  const inner: ByteReader = {
    sizeBytes: end - offset,
    read: (from, length) => memory.read(offset + from, length),
  }
  try {
    const elf = await parseElf(inner)
    if (elf.header.machine !== machines.amdGpu) return null
    return { processor: await processorOf(inner, elf), offset, sizeBytes: endOf(elf) }
  } catch (error) {
    if (error instanceof ElfError) return null
    throw error
  }
}

/** Where its last part ends. */
function endOf({ header, segments, sections }: ElfFile): number {
  return Math.max(
    leastBytes,
    header.programHeaderOffset + segments.length * segmentBytes,
    header.sectionHeaderOffset + sections.length * sectionBytes,
    ...segments.map(({ offset, fileBytes }) => offset + fileBytes),
    ...sections.map((section) => section.offset + bytesInFile(section)),
  )
}

const isaNote = new TextEncoder().encode('AMD\0AMDGPU\0')
const noteBytes = 4096

/** Flags name it; in code objects of version 2 a note does: three numbers before the names of vendor and architecture. */
async function processorOf(reader: ByteReader, { header }: ElfFile): Promise<string | null> {
  const named = processorOfFlags(header.flags)
  if (named !== null || (header.flags & 0xff) !== 0) return named
  const head = await reader.read(0, Math.min(noteBytes, reader.sizeBytes))
  const at = Buffer.from(head.buffer, head.byteOffset, head.length).indexOf(isaNote)
  if (at < 12) return null
  const view = viewOf(head)
  const [major = 0, minor = 0, stepping = 0] = [-12, -8, -4].map((back) => view.getUint32(at + back, true))
  return minor + stepping === 0 ? `gfx${major}xx` : `gfx${major}${minor}${stepping.toString(16)}`
}
