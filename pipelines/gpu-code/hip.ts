import { offsetOfAddress } from '../../images/elf/dynamic.ts'
import { machines } from '../../images/elf/file.ts'
import { holesIn } from '../../images/elf/holes.ts'
import { isElf, parseElf } from '../../images/elf/parse.ts'
import { totalLength, withEdits } from '../../images/elf/spans.ts'
import { splitAtHoles } from '../../images/elf/split.ts'
import { GpuCodeError } from '../../images/gpu-code/error.ts'
import {
  compactBundle,
  findHipCode,
  type HipCode,
  hipEntriesFor,
  hipShares,
  unusableObjects,
  unusableShares,
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
  /** What none of the processors that were asked for takes; absent where none was. */
  unusable?: Record<string, number>
}

/** Reads what a library holds; null where it has no code for AMD's GPUs. Throws `not-elf`, `unsupported-elf` or `broken-elf`. */
export async function listHipCode(
  file: string,
  processors: readonly string[] = [],
): Promise<HipListing | null> {
  return withFile(file, async (reader) => {
    const code = await findHipCode(reader, await parseElf(reader))
    const { bundles, compressed, objects } = code
    if (bundles.length + compressed + objects.length === 0) return null
    return {
      file,
      sizeBytes: reader.sizeBytes,
      bundles: bundles.length,
      compressed,
      shares: hipShares(code),
      ...(processors.length === 0 ? {} : { unusable: unusableShares(code, processors) }),
    }
  })
}

export interface SlimmedHip {
  file: string
  changed: boolean
  sizeBeforeBytes: number
  sizeAfterBytes: number
  freedBytes: number
}

/**
 * Writes a library without the code objects of processors that are not named, to another path or over itself, and reads the result back.
 * Null for a file without such code, and for one that is a code object itself; one from which nothing goes is not written. Throws `check-failed` and leaves the original as it was.
 */
export async function slimHipCode(
  input: string,
  output: string,
  processors: readonly string[],
): Promise<SlimmedHip | null> {
  return withFile(input, async (reader) => {
    if (!(await isElf(reader))) return null
    const elf = await parseElf(reader)
    const code = await findHipCode(reader, elf)
    // A code object by itself is a file that a rule removes.
    if (elf.header.machine === machines.amdGpu || code.bundles.length + code.objects.length === 0) return null
    const changes = changesFor(code, processors)
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
      await writeSpans(reader, spans, output, (after) => checkCode(code, after, processors))
    return {
      file: output,
      changed: changes.length > 0,
      sizeBeforeBytes: reader.sizeBytes,
      sizeAfterBytes: changes.length > 0 ? totalLength(spans) : reader.sizeBytes,
      freedBytes: freed.reduce((sum, { start, end }) => sum + end - start, 0),
    }
  })
}

/** Bundles with shorter tables, and zeros for bare code objects. */
function changesFor({ bundles, objects }: HipCode, processors: readonly string[]): BundleChange[] {
  return [
    ...bundles.flatMap((bundle) => compactBundle(bundle, processors) ?? []),
    ...unusableObjects(objects, processors).map(
      ({ offset, sizeBytes }): BundleChange => ({
        edits: [{ at: offset, spans: [{ type: 'zeros', length: sizeBytes }] }],
        freed: [{ start: offset, end: offset + sizeBytes }],
      }),
    ),
  ]
}

type BundleChange = NonNullable<ReturnType<typeof compactBundle>>

/** Every bundle is there with its kept code objects, at their old places within it, and so is each bare one; no other is. */
async function checkCode(before: HipCode, after: OpenFile, processors: readonly string[]): Promise<void> {
  const gone = unusableObjects(before.objects, processors)
  const wanted = identityOf({
    ...before,
    bundles: before.bundles.map((bundle) => ({ ...bundle, entries: hipEntriesFor(bundle, processors) })),
    objects: before.objects.filter((object) => !gone.includes(object)),
  })
  const found = identityOf(await findHipCode(after, await parseElf(after)))
  if (wanted.join('\n') === found.join('\n')) return
  throw new GpuCodeError('check-failed', {
    attempted: 'read a slimmed library back',
    found: `${found.length} bundles and code objects for AMD's GPUs instead of ${wanted.length}, or other entries in them`,
    hint: 'the original was left as it is; please report the library and its version',
  })
}

function identityOf({ bundles, objects }: HipCode): string[] {
  return [
    ...bundles.map(({ offset, entries }) =>
      entries
        .map((entry) => `${entry.id}:${entry.sizeBytes === 0 ? 0 : entry.offset - offset}:${entry.sizeBytes}`)
        .join(),
    ),
    ...objects.map(({ processor, offset, sizeBytes }) => `${processor}:${offset}:${sizeBytes}`),
  ]
}
