import { brokenElf } from './error.ts'
import { type ElfFile, segmentTypes } from './file.ts'
import { textAt } from './parse.ts'
import { type ByteReader, viewOf } from './reader.ts'

/** What the dynamic loader reads of a file. `runPath` is split at its colons, `$ORIGIN` left as it is. */
export interface DynamicFacts {
  needed: string[]
  runPath: string[]
  soName?: string
  interpreter?: string
}

const tags = { end: 0n, needed: 1n, strings: 5n, stringBytes: 10n, soName: 14n, rPath: 15n, runPath: 29n }

/** Names of libraries and folders from the dynamic segment; empty lists for a static file. */
export async function readDynamic(reader: ByteReader, elf: ElfFile): Promise<DynamicFacts> {
  const dynamic = elf.segments.find((segment) => segment.type === segmentTypes.dynamic)
  const interpreter = await readInterpreter(reader, elf)
  if (dynamic === undefined) return { needed: [], runPath: [], ...interpreter }
  const entries = readEntries(await reader.read(dynamic.offset, dynamic.fileBytes))
  const strings = await readStrings(reader, elf, entries)
  const textsOf = (tag: bigint) =>
    entries.filter((entry) => entry.tag === tag).map((entry) => textAt(strings, Number(entry.value)))
  // ld.so(8): DT_RPATH is ignored when DT_RUNPATH exists.
  const paths = [...textsOf(tags.runPath), ...textsOf(tags.rPath)][0]
  const soName = textsOf(tags.soName)[0]
  return {
    needed: textsOf(tags.needed),
    runPath: paths === undefined ? [] : paths.split(':').filter((path) => path !== ''),
    ...(soName === undefined ? {} : { soName }),
    ...interpreter,
  }
}

interface DynamicEntry {
  tag: bigint
  value: bigint
}

function readEntries(bytes: Uint8Array): DynamicEntry[] {
  const view = viewOf(bytes)
  const entries: DynamicEntry[] = []
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const tag = view.getBigUint64(at, true)
    if (tag === tags.end) break
    entries.push({ tag, value: view.getBigUint64(at + 8, true) })
  }
  return entries
}

async function readStrings(
  reader: ByteReader,
  elf: ElfFile,
  entries: readonly DynamicEntry[],
): Promise<Uint8Array> {
  const numberAt = (tag: bigint) => Number(entries.find((entry) => entry.tag === tag)?.value ?? 0n)
  return reader.read(offsetOfAddress(elf, numberAt(tags.strings)), numberAt(tags.stringBytes))
}

async function readInterpreter(reader: ByteReader, elf: ElfFile): Promise<{ interpreter?: string }> {
  const segment = elf.segments.find(({ type }) => type === segmentTypes.interpreter)
  if (segment === undefined) return {}
  return { interpreter: textAt(await reader.read(segment.offset, segment.fileBytes), 0) }
}

/** Where in the file the byte at a virtual address stands. Throws `broken-elf` for an address without one. */
export function offsetOfAddress(elf: ElfFile, address: number): number {
  const holder = elf.segments.find(
    (segment) =>
      segment.type === segmentTypes.load &&
      address >= segment.address &&
      address < segment.address + segment.fileBytes,
  )
  if (holder) return address - holder.address + holder.offset
  throw brokenElf(`find address 0x${address.toString(16)}`, 'no loaded segment holds it')
}
