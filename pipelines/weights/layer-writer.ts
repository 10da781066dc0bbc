import { rm } from 'node:fs/promises'
import { type TarSegment, tarSegments, type WeightLayer } from '../../images/weight-layers.ts'
import type { Digest } from '../../lib/digest.ts'
import { storeErrorFrom } from '../store/error.ts'
import { type Draft, openDraft } from './draft.ts'
import { WeightsError } from './error.ts'
import type { HashPool } from './hashing.ts'
import { readPersistently } from './persistent.ts'
import { openSink, type Sink } from './sink.ts'
import { type Slots, slotBytes } from './slots.ts'
import type { OpenWeights, SourceContext } from './source.ts'

export interface WriteContext extends SourceContext {
  slots: Slots
  pool: HashPool
  onBytes(bytes: number): void
}

/** A layer on its way into a file. */
interface Work {
  draft: Draft
  sink: Sink
  keptBytes: number
  source(): Promise<OpenWeights>
  context: WriteContext
}

/**
 * Writes the layer's tar to `path`, going on behind the bytes that are there, and gives its digest. Each file's sha256
 * is checked on the way; when it is wrong, `path` is removed. Bytes left by an earlier run may be torn (a power cut),
 * so when those are wrong the layer is written once more from its start.
 */
export async function writeLayerTar(
  path: string,
  layer: WeightLayer,
  source: () => Promise<OpenWeights>,
  context: WriteContext,
): Promise<Digest> {
  try {
    return await writeOnce(path, layer, source, context)
  } catch (error) {
    if (!(error instanceof TornDraft)) throw error
    await rm(path, { force: true })
    return writeOnce(path, layer, source, context)
  }
}

/** Internal: what an earlier run left is not the start of this layer. */
class TornDraft extends Error {}

async function writeOnce(
  path: string,
  layer: WeightLayer,
  source: () => Promise<OpenWeights>,
  context: WriteContext,
): Promise<Digest> {
  const draft = await openDraft(path, layer.sizeBytes)
  const keptBytes = Math.floor(draft.existingBytes / slotBytes) * slotBytes
  const sink = openSink(draft, context.pool, context.slots, keptBytes)
  const work = { draft, sink, keptBytes, source, context }
  try {
    for (const segment of tarSegments(layer)) await writeSegment(work, segment)
    return `sha256:${await sink.finish()}`
  } catch (error) {
    await sink.settle()
    context.onBytes(-sink.position)
    if (!isWrongContent(error)) throw storeErrorFrom(error, `write the layer "${layer.cause}"`)
    await rm(path, { force: true })
    throw keptBytes > 0 ? new TornDraft() : error
  } finally {
    await draft.close()
  }
}

function isWrongContent(error: unknown): boolean {
  return error instanceof WeightsError && (error.code === 'hash-mismatch' || error.code === 'size-mismatch')
}

async function writeSegment(work: Work, segment: TarSegment): Promise<void> {
  const end = work.sink.position + segment.sizeBytes
  if (segment.type === 'bytes') {
    await checkKept(work, segment.bytes)
    return append(work, segment.bytes)
  }
  work.sink.startFile()
  const keptEnd = Math.min(end, work.keptBytes)
  const start = work.sink.position
  if (start < keptEnd) await copy(work, work.draft.read, start, keptEnd)
  if (work.sink.position < end || segment.sizeBytes === 0)
    await fetchRest(work, segment, work.sink.position - start)
  refuseWrongHash(segment.file, await work.sink.endFile())
}

async function fetchRest(
  work: Work,
  { file, sizeBytes }: TarSegment & { type: 'file' },
  offset: number,
): Promise<void> {
  if (sizeBytes === 0) return
  const { sink, context } = work
  const source = await work.source()
  const local = await source.openLocal?.(file)
  if (!local) {
    for await (const chunk of readPersistently(source.read, file, offset, context)) await append(work, chunk)
    return
  }
  try {
    const base = sink.position - offset
    const read = (target: Uint8Array, position: number) => local.read(target, position - base)
    await copy(work, read, sink.position, base + sizeBytes)
  } finally {
    await local.close()
  }
}

/** Literal bytes are not fetched again, so those that an earlier run wrote must be the same. */
async function checkKept({ draft, sink, keptBytes }: Work, expected: Uint8Array): Promise<void> {
  const length = Math.min(expected.length, keptBytes - sink.position)
  if (length <= 0) return
  const found = Buffer.alloc(length)
  await draft.read(found, sink.position)
  if (!found.equals(expected.subarray(0, length)))
    throw wrongContent('hash-mismatch', 'an interrupted layer', 'other bytes than this run would write')
}

async function append(work: Work, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    work.context.signal?.throwIfAborted()
    const space = await work.sink.space()
    const part = bytes.subarray(done, done + space.length)
    space.set(part)
    took(work, part.length)
    done += part.length
  }
}

/** Reads from a file straight into the slots, from `sink.position` to `end`. */
async function copy(
  work: Work,
  read: (target: Uint8Array, position: number) => Promise<number>,
  start: number,
  end: number,
): Promise<void> {
  for (let position = start; position < end; ) {
    work.context.signal?.throwIfAborted()
    const space = await work.sink.space()
    const sizeBytes = await read(space.subarray(0, end - position), position)
    if (sizeBytes === 0)
      throw wrongContent('size-mismatch', 'a file', `it ended ${end - position} bytes early`)
    took(work, sizeBytes)
    position += sizeBytes
  }
}

function took({ sink, context }: Work, sizeBytes: number): void {
  sink.took(sizeBytes)
  context.onBytes(sizeBytes)
}

function wrongContent(code: 'hash-mismatch' | 'size-mismatch', what: string, found: string): WeightsError {
  const hint = 'the source changed after it was locked; check it, then run `ingot lock`'
  return new WeightsError(code, { attempted: `read ${what}`, found, hint })
}

function refuseWrongHash(file: { path: string; sha256: string }, actual: string): void {
  if (actual === file.sha256) return
  throw new WeightsError('hash-mismatch', {
    attempted: `check ${file.path}`,
    found: `its bytes have sha256 ${actual}, and ${file.sha256} was expected`,
    hint: 'correct the sha256 in the recipe if the file is right, or find out who changed it; nothing of it was kept',
  })
}
