import { assemble } from './craft-assemble.ts'
import {
  type CraftedSection,
  dynamicTable,
  layOut,
  note,
  page,
  relocations,
  section,
  stringTable,
  wrappers,
} from './craft-tables.ts'
import type { CraftedLibrary } from './crafted-library.ts'

export interface Crafted {
  bytes: Buffer
  /** Offsets of the containers, those in `.data` last. */
  offsets: number[]
}

/**
 * Writes a small shared object by hand that glibc and musl load: a read-and-execute segment with code and GPU code, and
 * a writable one with the pointers to it, the dynamic table and zeroed memory, as nvcc and ld lay them out.
 */
export function craftLibrary(library: CraftedLibrary): Crafted {
  const alignment = library.alignment ?? page
  const strings = stringTable([
    ...(library.needed ?? []),
    library.soName ?? 'libcrafted.so',
    library.runPath ?? '',
  ])
  const places = layOut(library, strings.bytes.length, alignment)
  const pointers = [...places.gpu.offsets, ...places.data.offsets.map((offset) => offset + places.shift)]
  const first = places.gpu.offsets[0] ?? 0
  const all = [...pointers, ...(library.pointers ?? []).map((distance) => first + distance)]
  const dynamic = dynamicTable(library, strings, places, all.length)
  const sections: CraftedSection[] = [
    section('.dynsym', 11, 2, places.symbols, Buffer.alloc(24), { link: 2, entryBytes: 24 }),
    section('.dynstr', 3, 2, places.strings, strings.bytes),
    section('.rela.dyn', 4, 2, places.relocations, relocations(all, places.wrappers + places.shift), {
      entryBytes: 24,
    }),
    section('.note.gnu.build-id', 7, 2, places.note, note()),
    section('.text', 1, 6, places.text, Buffer.alloc(32, 0xc3)),
    section('.nv_fatbin', 1, 2, places.gpu.start, places.gpu.bytes),
    section('.rodata.tail', 1, 2, places.tail, Buffer.from('behind the GPU code')),
    {
      ...section('.dynamic', 6, 3, places.dynamic, dynamic, { link: 2, entryBytes: 16 }),
      address: places.dynamic + places.shift,
    },
    {
      ...section('.nvFatBinSegment', 1, 3, places.wrappers, wrappers(all)),
      address: places.wrappers + places.shift,
    },
    {
      ...section('.data', 1, 3, places.data.start, places.data.bytes),
      address: places.data.start + places.shift,
    },
  ]
  return {
    bytes: assemble(library, sections, places, alignment),
    offsets: [...places.gpu.offsets, ...places.data.offsets],
  }
}
