import { encodeHeader, encodeSections, encodeSegments } from '../../../images/elf/encode.ts'
import { headerBytes, type Section } from '../../../images/elf/file.ts'
import { unusedHeader } from '../../../images/elf/split.ts'

const page = 4096

/** Flags of processors as `llvm-readelf --file-header` prints them of Debian's libraries. */
export const flagsOf = { gfx906: 0x52f, gfx90a: 0x53f, gfx1100: 0x41, gfx1201: 0x4e } as const
export type Crafted = keyof typeof flagsOf

/** A code object: an ELF file with nothing but bytes of one value, for a processor. */
export function codeObject(processor: Crafted, sizeBytes: number, value: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, value)
  bytes.set(
    encodeHeader({
      identification: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 64, 4, 0, 0, 0, 0, 0, 0, 0),
      type: 3,
      machine: 224,
      version: 1,
      entry: 0,
      programHeaderOffset: headerBytes,
      sectionHeaderOffset: 0,
      flags: flagsOf[processor],
      segmentCount: 1,
      sectionCount: 0,
      sectionNameIndex: 0,
    }),
  )
  bytes.set(encodeSegments([segment(sizeBytes)]), headerBytes)
  return bytes
}

/** A shared object with nothing but one section, all of it in one loaded segment that programs may write to. */
export function libraryWith(sectionName: string, content: Buffer): Buffer {
  const strings = Buffer.from(`\0${sectionName}\0.shstrtab\0`)
  const [start, end] = [2 * page, 2 * page + content.length]
  const sections: Section[] = [
    { name: '', ...unusedHeader },
    {
      ...section,
      nameOffset: 1,
      type: 1,
      flags: 3,
      address: start,
      offset: start,
      sizeBytes: content.length,
    },
    { ...section, nameOffset: sectionName.length + 2, type: 3, offset: end, sizeBytes: strings.length },
  ]
  const bytes = Buffer.alloc(end + 64 + sections.length * 64)
  bytes.set(
    encodeHeader({
      identification: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      type: 3,
      machine: 62,
      version: 1,
      entry: 0,
      programHeaderOffset: headerBytes,
      sectionHeaderOffset: end + 64,
      flags: 0,
      segmentCount: 1,
      sectionCount: sections.length,
      sectionNameIndex: 2,
    }),
  )
  bytes.set(encodeSegments([{ ...segment(end), flags: 6, alignment: page }]), headerBytes)
  content.copy(bytes, start)
  strings.copy(bytes, end)
  bytes.set(encodeSections(sections), end + 64)
  return bytes
}

const section: Section = { name: '', ...unusedHeader, alignment: 1 }

function segment(sizeBytes: number) {
  return {
    type: 1,
    flags: 4,
    offset: 0,
    address: 0,
    physicalAddress: 0,
    fileBytes: sizeBytes,
    memoryBytes: sizeBytes,
    alignment: 1,
  }
}
