import { rm } from 'node:fs/promises'
import { type TarSegment, tarSegments, type WeightLayer } from '../../images/weights/layers.ts'
import type { Digest } from '../../lib/digest.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import { readPersistently } from '../network/persistent.ts'
import { slice } from '../network/ranged.ts'
import { storeErrorFrom } from '../store/error.ts'
import { type LayerDraft, openLayerDraft } from './draft.ts'
import { isWrongContent, wrongContent, wrongHash } from './error.ts'
import type { HashPool, Sha256 } from './hashing.ts'
import { openSink, type Sink } from './sink.ts'
import { type Slots, slotBytes } from './slots.ts'
import type { LocalFile, OpenWeights, SourceContext } from './source.ts'

export interface WriteContext extends SourceContext {
  slots: Slots
  pool: HashPool
  onBytes(bytes: number): void
  /** A file whose bytes are on this machine already. */
  openKnown(file: WeightFile): Promise<LocalFile | undefined>
  /** Headers of the parts of a split file, and the bytes before its first tensor. */
  headersOf(file: WeightFile): Promise<{ head: Uint8Array; headers: Uint8Array[] }>
}

/** A layer and the file it is written to. */
export interface LayerTarget {
  path: string
  layer: WeightLayer
}

/** Layers that are written one after the other; `whole` hashes a file that is spread over them. */
interface WriteRun {
  source(): Promise<OpenWeights>
  context: WriteContext
  whole?: { file: WeightFile; hash: Sha256 }
}

interface WriteWork {
  run: WriteRun
  draft: LayerDraft
  sink: Sink
  keptBytes: number
  local: LocalBytes
}

/** Bytes that came from an earlier run or another layer instead of the source. */
interface LocalBytes {
  bytes: number
}

/**
 * Writes the tars of layers, each to its file, going on behind the bytes that are there, and gives their digests. Several
 * layers at once are the parts of one file. Each file's sha256 is checked on the way; when it is wrong, the files are
 * removed. Bytes that are on this machine already may be torn (a power cut), so when those are wrong it is all written once
 * more, from the source alone.
 */
export async function writeLayerTars(
  targets: readonly LayerTarget[],
  source: () => Promise<OpenWeights>,
  context: WriteContext,
): Promise<Digest[]> {
  const local = { bytes: 0 }
  try {
    return await writeOnce(targets, { source, context }, local)
  } catch (error) {
    if (!isWrongContent(error)) throw error
    await removeAll(targets)
    if (local.bytes === 0) throw error
  }
  try {
    // Now with nothing but what the source gives.
    const fresh = { ...context, openKnown: async () => undefined }
    return await writeOnce(targets, { source, context: fresh }, local)
  } catch (error) {
    if (isWrongContent(error)) await removeAll(targets)
    throw error
  }
}

async function removeAll(targets: readonly LayerTarget[]): Promise<void> {
  await Promise.all(targets.map(({ path }) => rm(path, { force: true })))
}

async function writeOnce(
  targets: readonly LayerTarget[],
  run: WriteRun,
  local: LocalBytes,
): Promise<Digest[]> {
  const counted = { bytes: 0 }
  const { context } = run
  const onBytes = (bytes: number) => {
    counted.bytes += bytes
    context.onBytes(bytes)
  }
  const counting: WriteRun = { ...run, context: { ...context, onBytes } }
  try {
    const digests: Digest[] = []
    for (const target of targets) digests.push(await writeTar(target, counting, local))
    if (counting.whole) refuseWrongHash(counting.whole.file, await counting.whole.hash.digest())
    return digests
  } catch (error) {
    context.onBytes(-counted.bytes)
    throw error
  }
}

async function writeTar({ path, layer }: LayerTarget, run: WriteRun, local: LocalBytes): Promise<Digest> {
  const draft = await openLayerDraft(path, layer.sizeBytes)
  const keptBytes = Math.floor(draft.existingBytes / slotBytes) * slotBytes
  local.bytes += keptBytes
  const sink = openSink(draft, run.context.pool, run.context.slots, keptBytes)
  try {
    for (const segment of tarSegments(layer))
      await writeSegment({ run, draft, sink, keptBytes, local }, segment)
    return `sha256:${await sink.finish()}`
  } catch (error) {
    await sink.settle()
    throw storeErrorFrom(error, `write the layer "${layer.cause}"`)
  } finally {
    await draft.close()
  }
}

async function writeSegment(work: WriteWork, segment: TarSegment): Promise<void> {
  if (segment.type === 'bytes') return appendKnown(work, segment.bytes)
  if (segment.type === 'header') return appendKnown(work, await partHeader(work.run, segment))
  const hash = (segment.type === 'range' && work.run.whole?.hash) || work.run.context.pool.newHash()
  work.sink.useHash(hash)
  await writeStretch(work, segment.file, segment.type === 'range' ? segment.start : 0, segment.sizeBytes)
  work.sink.useHash(undefined)
  if (segment.type === 'file') refuseWrongHash(segment.file, await hash.digest())
}

/** The first part also starts the hash of the whole file, with the bytes that come before its tensors. */
async function partHeader(run: WriteRun, segment: TarSegment & { type: 'header' }): Promise<Uint8Array> {
  const { head, headers } = await run.context.headersOf(segment.file)
  if (segment.index === 0) {
    const hash = run.context.pool.newHash()
    await feed(hash, head, run.context.slots)
    run.whole = { file: segment.file, hash }
  }
  return headers[segment.index] ?? new Uint8Array()
}

/** Threads hash what is in a slot and nothing else. */
async function feed(hash: Sha256, bytes: Uint8Array, slots: Slots): Promise<void> {
  const slot = await slots.take()
  try {
    for (let done = 0; done < bytes.length; done += slotBytes) {
      const part = bytes.subarray(done, done + slotBytes)
      slot.bytes.set(part)
      await hash.update(slot.bytes.subarray(0, part.length))
    }
  } finally {
    slots.release(slot)
  }
}

/** Bytes `start` to `start + sizeBytes` of a file: first what an earlier run left of them, then from the source. */
async function writeStretch(
  work: WriteWork,
  file: WeightFile,
  start: number,
  sizeBytes: number,
): Promise<void> {
  const { sink, draft, keptBytes, run } = work
  const base = sink.position
  const keptEnd = Math.min(base + sizeBytes, keptBytes)
  await copy(work, draft.read, base, keptEnd)
  const missing = base + sizeBytes - sink.position
  if (missing === 0) return
  const from = start + sink.position - base
  const known = await run.context.openKnown(file)
  if (known) work.local.bytes += missing
  const opened = known ?? (await (await run.source()).openLocal?.(file))
  if (!opened) {
    const bytes = readPersistently((await run.source()).read, file, from, run.context)
    for await (const chunk of slice(bytes, 0, missing)) await append(work, chunk)
    return
  }
  try {
    await copy(work, opened.read, from, from + missing)
  } finally {
    await opened.close()
  }
}

/** Bytes that are not fetched: those that an earlier run wrote must be the same. */
async function appendKnown(work: WriteWork, bytes: Uint8Array): Promise<void> {
  const length = Math.min(bytes.length, work.keptBytes - work.sink.position)
  if (length > 0) {
    const found = Buffer.alloc(length)
    await work.draft.read(found, work.sink.position)
    if (!found.equals(bytes.subarray(0, length)))
      throw wrongContent('hash-mismatch', 'an interrupted layer', 'other bytes than this run would write')
  }
  await append(work, bytes)
}

async function append(work: WriteWork, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    work.run.context.signal?.throwIfAborted()
    const space = await work.sink.space()
    const part = bytes.subarray(done, done + space.length)
    space.set(part)
    took(work, part.length)
    done += part.length
  }
}

/** Reads from a file straight into the slots. */
async function copy(
  work: WriteWork,
  read: (target: Uint8Array, position: number) => Promise<number>,
  start: number,
  end: number,
): Promise<void> {
  for (let position = start; position < end; ) {
    work.run.context.signal?.throwIfAborted()
    const space = await work.sink.space()
    const sizeBytes = await read(space.subarray(0, end - position), position)
    if (sizeBytes === 0)
      throw wrongContent('size-mismatch', 'a file', `it ended ${end - position} bytes early`)
    took(work, sizeBytes)
    position += sizeBytes
  }
}

function took({ sink, run }: WriteWork, sizeBytes: number): void {
  sink.took(sizeBytes)
  run.context.onBytes(sizeBytes)
}

function refuseWrongHash(file: WeightFile, actual: string): void {
  if (actual !== file.sha256) throw wrongHash(file, actual)
}
