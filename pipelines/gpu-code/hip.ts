import { offsetOfAddress } from '../../images/elf/dynamic.ts'
import { holesIn } from '../../images/elf/holes.ts'
import { isElf, parseElf } from '../../images/elf/parse.ts'
import { totalLength, withEdits } from '../../images/elf/spans.ts'
import { splitAtHoles } from '../../images/elf/split.ts'
import { GpuCodeError } from '../../images/gpu-code/error.ts'
import {
  compactBundle,
  findBundles,
  type HipBundle,
  hipEntriesFor,
  hipShares,
} from '../../images/gpu-code/hip.ts'
import { type OpenFile, withFile } from './file.ts'
import { writeSpans } from './write.ts'

/** Code for AMD's GPUs in one library. Sizes are bytes. */
export interface HipListing {
  file: string
  sizeBytes: number
  bundles: number
  /** Compressed bundles, which are not read. */
  compressed: number
  /** Bytes by processor. */
  shares: Record<string, number>
}

/** Reads what a library holds; null where it has no code for AMD's GPUs. Throws `not-elf`, `unsupported-elf` or `broken-elf`. */
export async function listHipCode(file: string): Promise<HipListing | null> {
  return withFile(file, async (reader) => {
    const { bundles, compressed } = await findBundles(reader, await parseElf(reader))
    if (bundles.length + compressed === 0) return null
    return {
      file,
      sizeBytes: reader.sizeBytes,
      bundles: bundles.length,
      compressed,
      shares: hipShares(bundles),
    }
  })
}

export interface SlimmedHip {
  file: string
  sizeBeforeBytes: number
  sizeAfterBytes: number
  freedBytes: number
}

/**
 * Writes a library without the code objects of processors that are not named, to another path or over itself, and reads the result back.
 * Null for a file without such code; one from which nothing goes is not written. Throws `check-failed` and leaves the original as it was.
 */
export async function slimHipCode(
  input: string,
  output: string,
  processors: readonly string[],
): Promise<SlimmedHip | null> {
  return withFile(input, async (reader) => {
    if (!(await isElf(reader))) return null
    const elf = await parseElf(reader)
    const { bundles } = await findBundles(reader, elf)
    if (bundles.length === 0) return null
    const changes = bundles.flatMap((bundle) => compactBundle(bundle, processors) ?? [])
    const toOffset = (address: number) => offsetOfAddress(elf, address)
    const freed = changes
      .flatMap((change) => change.freed)
      .map(({ start, end }) => ({ start: toOffset(start), end: toOffset(start) + end - start }))
    const edited = withEdits(
      [{ type: 'copy', from: 0, length: reader.sizeBytes }],
      changes.flatMap(({ edits }) => edits).map(({ at, spans }) => ({ at: toOffset(at), spans })),
    )
    const spans = splitAtHoles(elf, edited, holesIn(elf, freed), [])
    if (changes.length > 0)
      await writeSpans(reader, spans, output, (after) => checkBundles(bundles, after, processors))
    return {
      file: output,
      sizeBeforeBytes: reader.sizeBytes,
      sizeAfterBytes: changes.length > 0 ? totalLength(spans) : reader.sizeBytes,
      freedBytes: freed.reduce((sum, { start, end }) => sum + end - start, 0),
    }
  })
}

/** Every bundle is there with its kept code objects, at their old places within it, and with no other. */
async function checkBundles(
  before: readonly HipBundle[],
  after: OpenFile,
  processors: readonly string[],
): Promise<void> {
  const { bundles } = await findBundles(after, await parseElf(after))
  const wanted = before.map((bundle) => identityOf(bundle.offset, hipEntriesFor(bundle, processors)))
  const found = bundles.map(({ offset, entries }) => identityOf(offset, entries))
  if (wanted.join('\n') === found.join('\n')) return
  throw new GpuCodeError('check-failed', {
    attempted: 'read a slimmed library back',
    found: `${found.length} bundles of code for AMD's GPUs instead of ${wanted.length}, or other entries in them`,
    hint: 'the original was left as it is; please report the library and its version',
  })
}

function identityOf(offset: number, entries: HipBundle['entries']): string {
  return entries
    .map((entry) => `${entry.id}:${entry.sizeBytes === 0 ? 0 : entry.offset - offset}:${entry.sizeBytes}`)
    .join()
}
