import { bytesInFile, type ElfFile, type Section, sectionFlags } from './file.ts'
import { isLibrary, pageBytesOf } from './holes.ts'
import type { Range } from './spans.ts'

const symbolTable = 2
const stringTable = 3

/** A section that leaves the file, or the whole pages of it that do, which may be none. */
export interface DroppedSection {
  index: number
  range: Range
}

/**
 * Sections that debuggers and profilers read and the loader does not: the symbol table with its names (the dynamic one is
 * another), and debug information. No segment has a byte of them. What stands behind them moves forward, so before a
 * segment, which patchelf puts at the end, only whole pages go: a segment's offset and address must agree modulo that.
 */
export function droppedSections(elf: ElfFile): DroppedSection[] {
  if (!isLibrary(elf)) return []
  const chosen = [...elf.sections.entries()].filter(([index]) => isForDebuggers(elf, index))
  const lastLoaded = Math.max(...elf.segments.map(({ offset, fileBytes }) => offset + fileBytes))
  const page = pageBytesOf(elf)
  const dropped = chosen.flatMap(([index, section]) => {
    const { offset } = section
    const length = bytesInFile(section)
    if (elf.segments.some((segment) => overlaps(segment, offset, length))) return []
    if (elf.sections.some((other) => other !== section && overlapsSection(other, offset, length))) return []
    const removed = offset >= lastLoaded ? length : Math.floor(length / page) * page
    return [{ index, range: { start: offset, end: offset + removed } }]
  })
  return dropped.some(({ range }) => range.end > range.start) ? dropped : []
}

/** Kinds of sections that would lose their meaning without the symbols they link to: relocations and groups. */
const needingSymbols = [4, 9, 17]

function isForDebuggers({ sections, header }: Pick<ElfFile, 'sections' | 'header'>, index: number): boolean {
  const section = sections[index]
  if (section === undefined || index === header.sectionNameIndex || isLoaded(section)) return false
  if (/^\.z?debug_/.test(section.name)) return true
  const users = [...sections.entries()].filter(([, other]) => other.link === index && bytesInFile(other) > 0)
  if (section.type === symbolTable)
    return users.every(([, other]) => !isLoaded(other) && !needingSymbols.includes(other.type))
  const isOfSymbols = section.type === stringTable && users.length > 0
  return (
    isOfSymbols &&
    users.every(([place, other]) => other.type === symbolTable && isForDebuggers({ sections, header }, place))
  )
}

function isLoaded(section: Section): boolean {
  return (section.flags & sectionFlags.allocated) !== 0
}

function overlaps(
  { offset, fileBytes }: { offset: number; fileBytes: number },
  start: number,
  length: number,
): boolean {
  return fileBytes > 0 && offset < start + length && start < offset + fileBytes
}

function overlapsSection(other: Section, start: number, length: number): boolean {
  return overlaps({ offset: other.offset, fileBytes: bytesInFile(other) }, start, length)
}
