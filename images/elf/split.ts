import { encodeHeader, encodeSections, encodeSegments } from './encode.ts'
import {
  bytesInFile,
  type ElfFile,
  type Section,
  type Segment,
  sectionBytes,
  sectionTypes,
  segmentBytes,
} from './file.ts'
import { type Hole, pageBytesOf } from './holes.ts'
import { filePiecesOf } from './pieces.ts'
import { type ByteSpan, type Range, totalLength, withEdits, without } from './spans.ts'
import type { DroppedSection } from './symbols.ts'

/**
 * Takes holes out of the file and keeps every virtual address: a loaded segment becomes several, each with the hole
 * behind it as memory without bytes in the file, which the loader fills with zeros, as it does for `.bss`. The longer
 * table of program headers lies at the start of the first hole, so that it is in memory at the place the header says.
 * Sections follow: the part before a hole keeps its index, the parts behind are added at the end of the table. Dropped
 * sections leave an unused header, so that every other keeps its number.
 */
export function splitAtHoles(
  elf: ElfFile,
  spans: readonly ByteSpan[],
  holes: readonly Hole[],
  dropped: readonly DroppedSection[] = [],
): ByteSpan[] {
  const room = roomForTable(elf, holes)
  const table = room?.table ?? elf.header.programHeaderOffset
  const rest = room?.rest ?? []
  // What stands before the table would move it away from its address.
  const leaving = dropped.filter(({ range }) => range.start > table)
  const ranges = leaving.map(({ range }) => range).filter(({ start, end }) => end > start)
  const gone = [...rest, ...ranges].sort((a, b) => a.start - b.start)
  if (gone.length === 0) return [...spans]
  const newOffset = offsetAfter(gone)
  const segments = elf.segments.flatMap((segment) => filePiecesOf(segment, rest, elf, newOffset))
  const gaps = room === null ? [] : [room.gap, ...rest.slice(1)]
  const sections = splitSections(withoutDropped(elf, leaving), gaps, newOffset)
  return assembled(elf, spans, { table, newOffset, segments, sections, gone })
}

interface ReshapedFile {
  table: number
  newOffset(offset: number): number
  segments: readonly Segment[]
  sections: readonly Section[]
  gone: readonly Range[]
}

function assembled(elf: ElfFile, spans: readonly ByteSpan[], reshaped: ReshapedFile): ByteSpan[] {
  const { table, newOffset, segments, sections, gone } = reshaped
  const body = without(withEdits(spans, [{ at: table, spans: [bytesSpan(encodeSegments(segments))] }]), [
    ...gone,
    ...trailingSectionTable(elf),
  ])
  const padding = (8 - (totalLength(body) % 8)) % 8
  const header = encodeHeader({
    ...elf.header,
    programHeaderOffset: newOffset(table),
    segmentCount: segments.length,
    sectionHeaderOffset: totalLength(body) + padding,
    sectionCount: sections.length,
  })
  return [
    ...withEdits(body, [{ at: 0, spans: [bytesSpan(header)] }]),
    ...(padding > 0 ? [{ type: 'zeros', length: padding } as const] : []),
    bytesSpan(encodeSections(sections)),
  ]
}

function withoutDropped({ sections }: ElfFile, dropped: readonly DroppedSection[]): Section[] {
  const indexes = new Set(dropped.map(({ index }) => index))
  return sections.map((section, index) => (indexes.has(index) ? { ...section, ...unusedHeader } : section))
}

/** Members of a section header that says nothing. */
export const unusedHeader = {
  nameOffset: 0,
  type: sectionTypes.unused,
  flags: 0,
  address: 0,
  offset: 0,
  sizeBytes: 0,
  link: 0,
  info: 0,
  alignment: 0,
  entryBytes: 0,
}

function bytesSpan(bytes: Uint8Array): ByteSpan {
  return { type: 'bytes', bytes }
}

interface Room {
  table: number
  /** Table and first hole together: no section may claim either, or tools would read the table as GPU code. */
  gap: Hole
  /** What leaves the file. */
  rest: Hole[]
}

/**
 * Room for the new table at the start of the first hole that is large enough; holes before it are not taken out, so that
 * the table's offset in the file still equals its address.
 */
function roomForTable(elf: ElfFile, holes: readonly Hole[]): Room | null {
  const page = pageBytesOf(elf)
  // Each hole adds one segment, and a segment with machine code one more.
  const most = elf.segments.length + holes.length + elf.segments.length
  const needed = Math.ceil((most * segmentBytes) / page) * page
  const first = holes.findIndex((hole) => hole.end - hole.start > needed)
  const hole = holes[first]
  if (hole === undefined) return null
  return {
    table: hole.start,
    gap: hole,
    rest: [{ start: hole.start + needed, end: hole.end }, ...holes.slice(first + 1)],
  }
}

/** The old section table when nothing follows it; else it stays as bytes that nothing names. */
function trailingSectionTable({ header, sections, sizeBytes }: ElfFile): Range[] {
  const end = header.sectionHeaderOffset + sections.length * sectionBytes
  return end === sizeBytes ? [{ start: header.sectionHeaderOffset, end }] : []
}

/** Where a byte of the old file stands in the new one. */
function offsetAfter(holes: readonly Range[]): (offset: number) => number {
  return (offset) => {
    let removed = 0
    for (const hole of holes) {
      if (hole.end > offset) break
      removed += hole.end - hole.start
    }
    return offset - removed
  }
}

function splitSections(
  sections: readonly Section[],
  holes: readonly Range[],
  newOffset: (offset: number) => number,
): Section[] {
  const added: Section[] = []
  const kept = sections.map((section) => {
    const end = section.offset + bytesInFile(section)
    const inside = holes.filter((hole) => hole.start >= section.offset && hole.end <= end)
    const starts = [section.offset, ...inside.map((hole) => hole.end)]
    const ends = [...inside.map((hole) => hole.start), end]
    const parts = starts
      .map((start, index) => ({ start, sizeBytes: (ends[index] ?? end) - start }))
      .filter((part, index) => index === 0 || part.sizeBytes > 0)
      .map(({ start, sizeBytes }) => ({
        ...section,
        address: section.address + start - section.offset,
        offset: newOffset(start),
        sizeBytes: inside.length === 0 ? section.sizeBytes : sizeBytes,
      }))
    added.push(...parts.slice(1))
    return parts[0] ?? section
  })
  return [...kept, ...added]
}
