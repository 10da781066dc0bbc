import { splitGguf } from '../../images/weights/gguf-split.ts'
import { splitSafetensors } from '../../images/weights/safetensors-split.ts'
import { MoreBytesNeeded, type SplitFile } from '../../images/weights/split.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { messageOf } from '../../lib/error.ts'
import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import { WeightsError, wrongContent } from './error.ts'
import { openWeights } from './inventory.ts'
import { readPersistently } from './persistent.ts'
import type { OpenWeights, SourceContext } from './source.ts'

/** What a tar adds to a part: header, pax header, padding and end. */
const tarOverheadBytes = 8192

/** Longer heads than this are no heads: the largest vocabularies take some 30 MB. */
const maxHeadBytes = 512 * 1024 * 1024

/**
 * Adds to the lock how files that are larger than a layer may be are cut into parts. Reads the heads of those files and
 * nothing else. Files that cannot be cut stay as they are; the plan refuses them by name.
 */
export async function splitLargeFiles(
  weights: LockedWeights,
  maxLayerBytes: number,
  context: SourceContext,
): Promise<LockedWeights> {
  const maxPartBytes = maxLayerBytes - tarOverheadBytes
  const isLarge = (file: LockedFile) => file.sizeBytes > maxPartBytes && splitterOf(file.path, weights.files)
  if (!weights.files.some(isLarge)) return weights
  const source = await openWeights(weights, context)
  try {
    const files: LockedFile[] = []
    for (const file of weights.files) {
      const split = isLarge(file)
        ? (await readSplit(file, weights.files, maxPartBytes, source, context)).split
        : undefined
      files.push(split ? { ...file, split: lockedSplit(split, maxPartBytes) } : file)
    }
    return { ...weights, files }
  } finally {
    await source.close()
  }
}

/** The head of a split file and the headers of its parts, made again and compared with the lock. */
export async function readPartHeaders(
  file: LockedFile,
  files: readonly LockedFile[],
  source: OpenWeights,
  context: SourceContext,
): Promise<{ head: Uint8Array; headers: Uint8Array[] }> {
  const { maxPartBytes = 0, dataStart = 0, parts = [] } = file.split ?? {}
  const { head, split } = await readSplit(file, files, maxPartBytes, source, context)
  const headers = split?.parts.map((part) => part.header) ?? []
  const isSame =
    headers.length === parts.length &&
    headers.every((header, i) => hexOf(digestOf(header)) === parts[i]?.headerSha256)
  if (!isSame || split?.dataStart !== dataStart)
    throw wrongContent(
      'hash-mismatch',
      `the head of ${file.path}`,
      'its tensors are not where the lock has them',
    )
  return { head: head.subarray(0, dataStart), headers }
}

type Splitter = typeof splitGguf

/** A model that has an index would name files that are gone, so its shards are not split. */
function splitterOf(path: string, files: readonly { path: string }[]): Splitter | undefined {
  if (path.endsWith('.gguf')) return splitGguf
  const hasIndex = files.some((file) => file.path.endsWith('.safetensors.index.json'))
  return path.endsWith('.safetensors') && !hasIndex ? splitSafetensors : undefined
}

/** Reads from the start of the file until its head is whole. */
async function readSplit(
  file: LockedFile,
  files: readonly LockedFile[],
  maxPartBytes: number,
  source: OpenWeights,
  context: SourceContext,
): Promise<{ head: Uint8Array; split: SplitFile | undefined }> {
  const split = splitterOf(file.path, files)
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  let nextTry = 64 * 1024
  for await (const chunk of readPersistently(source.read, file, 0, context)) {
    chunks.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes < nextTry && sizeBytes < file.sizeBytes) continue
    nextTry = sizeBytes * 2
    const head = Buffer.concat(chunks)
    const found = attempt(() => split?.(head, file, maxPartBytes), file)
    const isWhole = found.done && head.length >= (found.value?.dataStart ?? 0)
    if (found.done && isWhole) return { head, split: found.value }
    if (sizeBytes > maxHeadBytes) break
  }
  throw unreadable(file, 'its head has no end')
}

type Attempt = { done: true; value: SplitFile | undefined } | { done: false }

function attempt(act: () => SplitFile | undefined, file: LockedFile): Attempt {
  try {
    return { done: true, value: act() }
  } catch (error) {
    if (error instanceof MoreBytesNeeded) return { done: false }
    throw unreadable(file, messageOf(error))
  }
}

function lockedSplit(split: SplitFile, maxPartBytes: number): LockedFile['split'] {
  const parts = split.parts.map(({ path, header, start, end }) => ({
    path,
    headerBytes: header.length,
    headerSha256: hexOf(digestOf(header)),
    start,
    end,
  }))
  return { maxPartBytes, dataStart: split.dataStart, parts }
}

function unreadable(file: LockedFile, found: string): WeightsError {
  return new WeightsError('bad-archive', {
    attempted: `read the tensors of ${file.path}`,
    found,
    hint: 'check that it is the format that its name says',
  })
}
