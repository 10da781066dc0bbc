import {
  type ElfHeader,
  headerBytes,
  type Section,
  type Segment,
  sectionBytes,
  segmentBytes,
} from './file.ts'
import { viewOf, writeU64 } from './reader.ts'

/** The 64 bytes at the start of a file. */
export function encodeHeader(header: ElfHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes)
  bytes.set(header.identification)
  const view = viewOf(bytes)
  view.setUint16(16, header.type, true)
  view.setUint16(18, header.machine, true)
  view.setUint32(20, header.version, true)
  writeU64(view, 24, header.entry)
  writeU64(view, 32, header.programHeaderOffset)
  writeU64(view, 40, header.sectionHeaderOffset)
  view.setUint32(48, header.flags, true)
  view.setUint16(52, headerBytes, true)
  view.setUint16(54, segmentBytes, true)
  view.setUint16(56, header.segmentCount, true)
  view.setUint16(58, sectionBytes, true)
  view.setUint16(60, header.sectionCount, true)
  view.setUint16(62, header.sectionNameIndex, true)
  return bytes
}

export function encodeSegments(segments: readonly Segment[]): Uint8Array {
  const bytes = new Uint8Array(segments.length * segmentBytes)
  const view = viewOf(bytes)
  for (const [index, segment] of segments.entries()) {
    const at = index * segmentBytes
    view.setUint32(at, segment.type, true)
    view.setUint32(at + 4, segment.flags, true)
    writeU64(view, at + 8, segment.offset)
    writeU64(view, at + 16, segment.address)
    writeU64(view, at + 24, segment.physicalAddress)
    writeU64(view, at + 32, segment.fileBytes)
    writeU64(view, at + 40, segment.memoryBytes)
    writeU64(view, at + 48, segment.alignment)
  }
  return bytes
}

export function encodeSections(sections: readonly Section[]): Uint8Array {
  const bytes = new Uint8Array(sections.length * sectionBytes)
  const view = viewOf(bytes)
  for (const [index, section] of sections.entries()) {
    const at = index * sectionBytes
    view.setUint32(at, section.nameOffset, true)
    view.setUint32(at + 4, section.type, true)
    writeU64(view, at + 8, section.flags)
    writeU64(view, at + 16, section.address)
    writeU64(view, at + 24, section.offset)
    writeU64(view, at + 32, section.sizeBytes)
    view.setUint32(at + 40, section.link, true)
    view.setUint32(at + 44, section.info, true)
    writeU64(view, at + 48, section.alignment)
    writeU64(view, at + 56, section.entryBytes)
  }
  return bytes
}
