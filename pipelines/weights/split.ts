import { splitGguf } from '../../images/weights/gguf-split.ts'
import { indexWithParts, isSafetensorsIndex } from '../../images/weights/safetensors-index.ts'
import { splitSafetensors } from '../../images/weights/safetensors-split.ts'
import { type FilePart, ShortHeadError, type SplitFile } from '../../images/weights/split.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { messageOf } from '../../lib/error.ts'
import { type LockedFile, type LockedWeights, partOverheadBytes } from '../../recipes/locked-weights.ts'
import { readPersistently } from '../network/persistent.ts'
import { WeightsError, wrongContent } from './error.ts'
import { openWeights } from './inventory.ts'
import type { OpenWeights, SourceContext } from './source.ts'

/** Longer heads than this are no heads: the largest vocabularies take some 30 MB. */
const maxHeadBytes = 512 * 1024 * 1024

/** Everything that finding or writing the parts of a file needs. */
interface SplitContext {
  files: readonly LockedFile[]
  source: OpenWeights
  context: SourceContext
}

/**
 * Adds to the lock how files that are larger than a layer may be are cut into parts, and the new hash of an index that
 * names such files. Reads the heads of those files, indexes, and nothing else. Files that cannot be cut stay as they are;
 * the plan refuses them by name.
 */
export async function splitLargeFiles(
  weights: LockedWeights,
  maxLayerBytes: number,
  context: SourceContext,
): Promise<LockedWeights> {
  const maxPartBytes = maxLayerBytes - partOverheadBytes
  const large = weights.files.filter((file) => file.sizeBytes > maxPartBytes && splitterOf(file.path))
  if (large.length === 0) return weights
  const source = await openWeights(weights, context)
  try {
    const files = new Map(weights.files.map((file) => [file.path, file]))
    const add = (file: LockedFile, split: SplitFile | undefined) =>
      split && files.set(file.path, { ...file, split: lockedSplit(split, maxPartBytes) })
    for (const file of large) add(file, (await readSplit(file, maxPartBytes, source, context)).split)
    for (const file of weights.files.filter(({ path }) => isSafetensorsIndex(path)))
      add(file, (await readIndex(file, { files: [...files.values()], source, context })).split)
    return { ...weights, files: [...files.values()] }
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
  const { head, split } = isSafetensorsIndex(file.path)
    ? await readIndex(file, { files, source, context })
    : await readSplit(file, maxPartBytes, source, context)
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

function splitterOf(path: string): typeof splitGguf | undefined {
  if (path.endsWith('.gguf')) return splitGguf
  return path.endsWith('.safetensors') ? splitSafetensors : undefined
}

interface FileReading {
  head: Uint8Array
  split: SplitFile | undefined
}

/** An index as one part that is all header: it names the parts of split shards, whose heads are read for that. */
async function readIndex(file: LockedFile, { files, source, context }: SplitContext): Promise<FileReading> {
  const shards = new Map<string, FilePart[]>()
  for (const shard of files) {
    if (shard.split === undefined || !shard.path.endsWith('.safetensors')) continue
    const { split } = await readSplit(shard, shard.split.maxPartBytes, source, context)
    shards.set(shard.path, split?.parts ?? [])
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of readPersistently(source.read, file, 0, context)) chunks.push(chunk)
  const head = Buffer.concat(chunks)
  const found = attempt(() => indexWithParts(head.toString('utf8'), file.path, shards), file)
  if (!found.done || found.value === undefined) return { head, split: undefined }
  const whole = { start: head.length, end: head.length, tensors: [] }
  const part = { ...whole, path: file.path, header: Buffer.from(found.value) }
  return { head, split: { dataStart: head.length, parts: [part] } }
}

/** Reads from the start of the file until its head is whole. */
async function readSplit(
  file: LockedFile,
  maxPartBytes: number,
  source: OpenWeights,
  context: SourceContext,
): Promise<FileReading> {
  const split = splitterOf(file.path)
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

type Attempt<Value> = { done: true; value: Value | undefined } | { done: false }

function attempt<Value>(act: () => Value | undefined, file: LockedFile): Attempt<Value> {
  try {
    return { done: true, value: act() }
  } catch (error) {
    if (error instanceof ShortHeadError) return { done: false }
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
