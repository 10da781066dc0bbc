import { bytesInFile, type ElfFile, type Segment, sectionFlags, segmentFlags, segmentTypes } from './file.ts'
import { type Hole, pageBytesOf } from './holes.ts'

/** A part of a loaded segment, still in offsets of the old file. */
interface FilePiece {
  start: number
  end: number
  /** End of its memory, as an offset; beyond `end` the loader gives zeros. */
  memoryEnd: number
}

/** The program headers that take the place of one. Other kinds than loaded segments only move. */
export function filePiecesOf(
  segment: Segment,
  holes: readonly Hole[],
  elf: ElfFile,
  newOffset: (offset: number) => number,
): Segment[] {
  const page = pageBytesOf(elf)
  return cut(segment, holes)
    .flatMap((piece) => apartFromMachineCode(segment, piece, elf, page))
    .map((piece) => programHeader(segment, piece, elf, { page, offset: newOffset(piece.start) }))
}

function cut(segment: Segment, holes: readonly Hole[]): FilePiece[] {
  const end = segment.offset + segment.fileBytes
  const memoryEnd = segment.offset + segment.memoryBytes
  const inside =
    segment.type === segmentTypes.load
      ? holes.filter((hole) => hole.start >= segment.offset && hole.end <= end)
      : []
  const starts = [segment.offset, ...inside.map((hole) => hole.end)]
  const pieces = starts.map((start, index) => ({
    start,
    end: inside[index]?.start ?? end,
    memoryEnd: inside[index]?.end ?? memoryEnd,
  }))
  const last = pieces.at(-1)
  const before = pieces.at(-2)
  if (last === undefined || before === undefined || last.end > last.start) return pieces
  // A hole that ends the segment leaves no bytes behind it: its memory belongs to the piece before.
  return [...pieces.slice(0, -2), { ...before, memoryEnd: last.memoryEnd }]
}

/** Zero-filled memory must not be executable (SELinux asks for `execmem`), so the last page before a hole stands apart. */
function apartFromMachineCode(segment: Segment, piece: FilePiece, elf: ElfFile, page: number): FilePiece[] {
  const lastPage = piece.end - page
  const isExecutable = (segment.flags & segmentFlags.execute) !== 0 && holdsMachineCode(elf, piece)
  if (!isExecutable || piece.memoryEnd === piece.end || lastPage <= piece.start) return [piece]
  if (holdsMachineCode(elf, { ...piece, start: lastPage })) return [piece]
  return [
    { start: piece.start, end: lastPage, memoryEnd: lastPage },
    { ...piece, start: lastPage },
  ]
}

function holdsMachineCode(elf: ElfFile, piece: FilePiece): boolean {
  return elf.sections.some(
    (section) =>
      (section.flags & sectionFlags.executable) !== 0 &&
      section.offset < piece.end &&
      section.offset + bytesInFile(section) > piece.start,
  )
}

function programHeader(
  segment: Segment,
  piece: FilePiece,
  elf: ElfFile,
  { page, offset }: { page: number; offset: number },
): Segment {
  if (segment.type !== segmentTypes.load) return { ...segment, offset }
  const shift = piece.start - segment.offset
  const address = segment.address + shift
  const isWhole = shift === 0 && piece.end === segment.offset + segment.fileBytes
  const flags =
    isWhole || holdsMachineCode(elf, piece) ? segment.flags : segment.flags & ~segmentFlags.execute
  return {
    ...segment,
    flags,
    offset,
    address,
    physicalAddress: segment.physicalAddress + shift,
    fileBytes: piece.end - piece.start,
    memoryBytes: piece.memoryEnd - piece.start,
    // ld.so refuses a segment whose offset and address differ modulo its alignment.
    alignment: (address - offset) % segment.alignment === 0 ? segment.alignment : page,
  }
}
