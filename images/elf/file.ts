/** Field widths and order: System V gABI chapters 4 and 5, 64-bit little-endian. */
export const headerBytes = 64
export const segmentBytes = 56
export const sectionBytes = 64

export const elfTypes = { executable: 2, shared: 3 } as const
export const machines = { x86: 62, arm64: 183, cuda: 190, amdGpu: 224 } as const
export const segmentTypes = {
  load: 1,
  dynamic: 2,
  interpreter: 3,
  note: 4,
  programHeaders: 6,
  tls: 7,
  stack: 0x6474e551,
  relro: 0x6474e552,
} as const
export const segmentFlags = { execute: 1, write: 2, read: 4 } as const
export const sectionTypes = { unused: 0, data: 1, note: 7, noBits: 8 } as const
export const sectionFlags = { write: 1, allocated: 2, executable: 4 } as const

export interface ElfHeader {
  /** `e_ident` as it stands in the file. */
  identification: Uint8Array
  type: number
  machine: number
  version: number
  entry: number
  programHeaderOffset: number
  sectionHeaderOffset: number
  flags: number
  segmentCount: number
  sectionCount: number
  sectionNameIndex: number
}

/** A program header. Addresses are relative to where the loader puts the file. */
export interface Segment {
  type: number
  flags: number
  offset: number
  address: number
  physicalAddress: number
  fileBytes: number
  memoryBytes: number
  alignment: number
}

/** A section header. `offset` and `sizeBytes` of a `noBits` section name no bytes of the file. */
export interface Section {
  name: string
  nameOffset: number
  type: number
  flags: number
  address: number
  offset: number
  sizeBytes: number
  link: number
  info: number
  alignment: number
  entryBytes: number
}

export interface ElfFile {
  sizeBytes: number
  header: ElfHeader
  segments: Segment[]
  sections: Section[]
}

/** Bytes that a section has in the file. */
export function bytesInFile(section: Section): number {
  const { type } = section
  return type === sectionTypes.noBits || type === sectionTypes.unused ? 0 : section.sizeBytes
}
