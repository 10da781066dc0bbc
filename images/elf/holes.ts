import { type ElfFile, elfTypes, machines, segmentTypes } from './file.ts'
import type { Range } from './spans.ts'

/** A range of whole pages inside one loaded segment, in offsets of the file. */
export type Hole = Range

/**
 * Each hole costs the loader two mmap calls and the process two memory areas of the 65,530 that Linux allows by default.
 * Over eleven CUDA libraries holes of 8 KiB and more are 3,786 with 1,355 MB, those of 32 KiB and more 2,608 with 1,337.
 */
const leastHoleBytes = 1 << 15
export const mostHoles = 1000

/** Pages are 4 KiB on x86-64; arm64 kernels with 64 KiB pages exist, so offsets and addresses must agree modulo that. */
export function pageBytesOf(elf: ElfFile): number {
  return elf.header.machine === machines.x86 ? 4096 : 65_536
}

/** Whether a file is a library with sections: programs stay as they are, some read their own end. */
export function isLibrary({ header, segments, sections }: ElfFile): boolean {
  return (
    header.type === elfTypes.shared &&
    sections.length > 0 &&
    sections.length < 0xff00 &&
    !segments.some(({ type }) => type === segmentTypes.interpreter)
  )
}

/** Whether a file may be split: the table of program headers moves, and nothing but the header may name its place. */
function canSplit(elf: ElfFile): boolean {
  return isLibrary(elf) && !elf.segments.some(({ type }) => type === segmentTypes.programHeaders)
}

/** The parts of freed ranges that can leave the file, largest first chosen, then sorted by place. */
export function holesIn(elf: ElfFile, freed: readonly Range[], most = mostHoles): Hole[] {
  if (!canSplit(elf)) return []
  return freed
    .flatMap((range) => holeIn(elf, range))
    .sort((a, b) => b.end - b.start - (a.end - a.start))
    .slice(0, most)
    .sort((a, b) => a.start - b.start)
}

function holeIn(elf: ElfFile, range: Range): Hole[] {
  const holders = elf.segments.filter(({ offset, fileBytes }) => overlaps(range, offset, fileBytes))
  const [load] = holders
  if (holders.length !== 1 || load?.type !== segmentTypes.load) return []
  const end = load.offset + load.fileBytes
  if (range.start <= load.offset || range.end > end) return []
  const page = pageBytesOf(elf)
  const toAddress = load.address - load.offset
  if (toAddress % page !== 0) return []
  const hole = {
    start: Math.ceil((range.start + toAddress) / page) * page - toAddress,
    end: Math.floor((range.end + toAddress) / page) * page - toAddress,
  }
  return hole.end - hole.start >= Math.max(leastHoleBytes, page) ? [hole] : []
}

function overlaps(range: Range, offset: number, length: number): boolean {
  return length > 0 && offset < range.end && range.start < offset + length
}
