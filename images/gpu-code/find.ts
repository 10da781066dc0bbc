import { bytesInFile, type ElfFile, type Section, sectionFlags, sectionTypes } from '../elf/file.ts'
import type { ByteReader } from '../elf/reader.ts'
import { type CodeContainer, containerMagic, readContainer } from './container.ts'

const chunkBytes = 1 << 20
const nearBytes = 64
const magicBytes = Uint8Array.of(
  containerMagic & 0xff,
  (containerMagic >>> 8) & 0xff,
  (containerMagic >>> 16) & 0xff,
  containerMagic >>> 24,
)
/** Every container seen in seven wheels starts at a multiple of 8; 4 leaves room for compilers that pack tighter. */
const containerAlignment = 4

/**
 * All GPU code containers of a file, by offset. Sections of GPU code are walked from container to container; other data
 * is read through once, because libraries such as libcurand keep containers in `.data`.
 */
export async function findContainers(reader: ByteReader, elf: ElfFile): Promise<CodeContainer[]> {
  const found: CodeContainer[] = []
  for (const section of elf.sections.filter(mayHoldContainers))
    for await (const container of containersIn(reader, section)) found.push(container)
  return found.sort((a, b) => a.offset - b.offset)
}

/** Data the loader maps; machine code for the CPU holds none, and reading it would double the time. */
function mayHoldContainers(section: Section): boolean {
  const isData = (section.flags & sectionFlags.allocated) !== 0 && section.type === sectionTypes.data
  return isData && (section.flags & sectionFlags.executable) === 0 && bytesInFile(section) > 0
}

async function* containersIn(reader: ByteReader, section: Section): AsyncGenerator<CodeContainer> {
  const end = section.offset + section.sizeBytes
  // Data is read through in one place: a new one for every chunk made the collector work for a tenth of the time.
  const place = Buffer.allocUnsafe(chunkBytes)
  for (let at = section.offset; at < end; ) {
    const container = await readContainer(reader, at, end, section.name)
    if (container) yield container
    const from = container ? at + container.sizeBytes : at + containerAlignment
    if (from >= end) return
    at = await nextMagic(reader, from, end, place)
  }
}

/** Offset of the next container magic, or `end`. Looks at the likely place first, so that a walk reads no payload. */
async function nextMagic(reader: ByteReader, from: number, end: number, place: Buffer): Promise<number> {
  let length = nearBytes
  for (let at = from; at + magicBytes.length <= end; length = chunkBytes) {
    const chunk = await reader.read(at, Math.min(length, end - at), place)
    const hit = indexOfMagic(chunk, at)
    if (hit >= 0) return at + hit
    // The last three bytes are read again: a magic may begin in them.
    at += chunk.length - (magicBytes.length - 1)
  }
  return end
}

function indexOfMagic(chunk: Uint8Array, offset: number): number {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
  let hit = bytes.indexOf(magicBytes)
  while (hit >= 0 && (offset + hit) % containerAlignment !== 0) hit = bytes.indexOf(magicBytes, hit + 1)
  return hit
}
