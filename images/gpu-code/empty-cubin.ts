import { encodeHeader, encodeSections } from '../elf/encode.ts'
import { headerBytes, machines, type Section, sectionBytes } from '../elf/file.ts'
import { unusedHeader } from '../elf/split.ts'
import type { CodeEntry } from './container.ts'

const names = new TextEncoder().encode('\0.shstrtab\0\0\0\0\0\0')
export const emptyCubinBytes = headerBytes + names.length + 2 * sectionBytes

/**
 * A cubin without any code: a header and the section of its section names. cuobjdump 13.5 calls less than that an
 * invalid file and stops.
 */
export function emptyCubin(architecture: number): Uint8Array {
  const bytes = new Uint8Array(emptyCubinBytes)
  const header = encodeHeader({
    identification: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0x41, 8, 0, 0, 0, 0, 0, 0, 0),
    type: 2,
    machine: machines.cuda,
    version: 1,
    entry: 0,
    programHeaderOffset: 0,
    sectionHeaderOffset: headerBytes + names.length,
    // As in cubins of CUDA 13: the architecture stands in the second byte.
    flags: 0x0600_0002 | (architecture << 8),
    segmentCount: 0,
    sectionCount: 2,
    sectionNameIndex: 1,
  })
  bytes.set(header)
  bytes.set(names, headerBytes)
  bytes.set(encodeSections([unused, namesSection]), headerBytes + names.length)
  return bytes
}

const unused: Section = { name: '', ...unusedHeader }

const namesSection: Section = {
  ...unused,
  nameOffset: 1,
  type: 3,
  offset: headerBytes,
  sizeBytes: names.length,
  alignment: 1,
}

/** Whether an entry is such a cubin: no cubin with code is that small. */
export function isMarker(entry: CodeEntry): boolean {
  return entry.kind === 'cubin' && entry.compression === 'none' && entry.payloadBytes === emptyCubinBytes
}
