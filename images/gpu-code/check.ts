import { offsetOfAddress, readDynamic } from '../elf/dynamic.ts'
import { type ElfFile, type Segment, segmentFlags, segmentTypes } from '../elf/file.ts'
import { parseElf } from '../elf/parse.ts'
import type { ByteReader } from '../elf/reader.ts'
import type { Architecture } from './architecture.ts'
import { compact } from './compact.ts'
import { type CodeContainer, type CodeEntry, readContainer } from './container.ts'
import { isMarker } from './empty-cubin.ts'
import { GpuCodeError } from './error.ts'
import { isUsable } from './keep.ts'
import type { CodePlan } from './plan.ts'
import { entryName } from './report.ts'

interface ParsedFile {
  reader: ByteReader
  elf: ElfFile
}

/**
 * Reads a rewritten file back as the loader and the driver would. Throws `check-failed` unless the loader finds the same
 * memory and libraries, every container at its old address has exactly the kept entries, and none that no target runs.
 */
export async function verifyRewrite(
  before: ParsedFile,
  code: CodePlan,
  rewritten: ByteReader,
  targets: readonly Architecture[],
): Promise<void> {
  const after = { reader: rewritten, elf: await parseElf(rewritten) }
  checkMemory(before.elf, after.elf, rewritten.sizeBytes)
  const [facts, newFacts] = await Promise.all(
    [before, after].map(({ reader, elf }) => readDynamic(reader, elf)),
  )
  if (JSON.stringify(facts) !== JSON.stringify(newFacts)) throw failed('its list of needed libraries changed')
  const addressOf = addressFinder(before.elf)
  for (const { container, decisions } of code.plans) {
    // A container that is smaller than the entry which would take its code's place stays as it is.
    if (compact({ container, decisions }) === null) continue
    const kept = decisions.filter(({ verdict }) => verdict.keep).map(({ entry }) => entry)
    const offset = offsetOfAddress(after.elf, addressOf(container.offset))
    const found = await readContainer(rewritten, offset, rewritten.sizeBytes, container.section)
    checkContainer(container, kept, found, targets)
  }
}

function checkContainer(
  before: CodeContainer,
  kept: readonly CodeEntry[],
  after: CodeContainer | null,
  targets: readonly Architecture[],
): void {
  const place = `the container at offset ${before.offset}`
  if (after === null) throw failed(`${place} is gone`)
  const entries = after.entries.filter((entry) => !isMarker(entry))
  if (entries.map(identityOf).join() !== kept.map(identityOf).join())
    throw failed(`${place} holds ${entries.map(entryName)} instead of ${kept.map(entryName)}`)
  if (after.entries.length === 0) throw failed(`${place} is empty`)
  const unusable = entries.find(
    (entry) => entry.kind !== 'other' && !targets.some((target) => isUsable(entry, target)),
  )
  if (unusable) throw failed(`${place} still holds ${entryName(unusable)}`)
}

function identityOf(entry: CodeEntry): string {
  return [entryName(entry), entry.headerBytes, entry.payloadBytes, entry.unpackedBytes, entry.flags].join(':')
}

/** Every loaded segment is still there, from end to end and with no more rights, and its bytes lie inside the file. */
function checkMemory(before: ElfFile, after: ElfFile, sizeBytes: number): void {
  const pieces = loadsOf(after)
  let next = 0
  for (const load of loadsOf(before)) {
    let end = load.address
    for (; next < pieces.length; next += 1) {
      const piece = pieces[next]
      if (piece === undefined || piece.address !== end || piece.address >= load.address + load.memoryBytes)
        break
      checkPiece(piece, load, sizeBytes)
      end = piece.address + piece.memoryBytes
    }
    if (end !== load.address + load.memoryBytes)
      throw failed(`memory ends at ${end} in the segment at ${load.address}`)
  }
  if (next !== pieces.length) throw failed('it has segments that the original has not')
}

function checkPiece(piece: Segment, load: Segment, sizeBytes: number): void {
  if ((piece.flags | load.flags) !== load.flags) throw failed(`a segment gained rights at ${piece.address}`)
  if ((piece.address - piece.offset) % piece.alignment !== 0)
    throw failed(`segment at ${piece.address} is misaligned`)
  if (piece.offset + piece.fileBytes > sizeBytes) throw failed(`segment at ${piece.address} leaves the file`)
  if (piece.memoryBytes < piece.fileBytes)
    throw failed(`segment at ${piece.address} has less memory than bytes`)
  const zeroFilled = piece.memoryBytes > piece.fileBytes
  const writable = segmentFlags.write & piece.flags
  if (zeroFilled && !writable && (piece.address + piece.fileBytes) % 4096 !== 0)
    throw failed(`zeros begin inside a page at ${piece.address}`)
}

function loadsOf(elf: ElfFile): Segment[] {
  return elf.segments.filter((segment) => segment.type === segmentTypes.load)
}

function addressFinder(elf: ElfFile): (offset: number) => number {
  const loads = loadsOf(elf)
  return (offset) => {
    const load = loads.find((load) => offset >= load.offset && offset < load.offset + load.fileBytes)
    return load === undefined ? Number.NaN : offset - load.offset + load.address
  }
}

function failed(found: string): GpuCodeError {
  return new GpuCodeError('check-failed', {
    attempted: 'read a slimmed library back',
    found,
    hint: 'the original was left as it is; please report the library and its version',
  })
}
