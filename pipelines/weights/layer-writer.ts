import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { type TarSegment, tarSegments, type WeightLayer } from '../../images/weight-layers.ts'
import type { Digest } from '../../lib/digest.ts'
import { storeErrorFrom } from '../store/error.ts'
import { WeightsError } from './error.ts'
import { readPersistently } from './persistent.ts'
import { readLocal } from './ranged.ts'
import type { OpenWeights, SourceContext } from './source.ts'

export interface WriteContext extends SourceContext {
  onBytes(bytes: number): void
}

interface Draft {
  path: string
  file: FileHandle
  /** Bytes that an earlier run left. */
  existingBytes: number
  tarHash: Hash
  position: number
}

/**
 * Writes the layer's tar to `path`, going on behind the bytes that are there, and gives its digest. Each file's sha256
 * is checked on the way; when it is wrong, `path` is removed. Bytes left by an earlier run may be torn (a power cut),
 * so after those the layer is written once more from its start.
 */
export async function writeLayerTar(
  path: string,
  layer: WeightLayer,
  source: () => Promise<OpenWeights>,
  context: WriteContext,
): Promise<Digest> {
  for (let retried = false; ; retried = true) {
    const draft = await openDraft(path, layer)
    try {
      for (const segment of tarSegments(layer)) await writeSegment(draft, segment, source, context)
      return `sha256:${draft.tarHash.digest('hex')}`
    } catch (error) {
      if (!isWrongContent(error)) throw storeErrorFrom(error, `write the layer "${layer.cause}"`)
      await rm(path, { force: true })
      context.onBytes(-draft.position)
      if (retried || draft.existingBytes === 0) throw error
    } finally {
      await draft.file.close()
    }
  }
}

function isWrongContent(error: unknown): boolean {
  return error instanceof WeightsError && (error.code === 'hash-mismatch' || error.code === 'size-mismatch')
}

async function openDraft(path: string, layer: WeightLayer): Promise<Draft> {
  const file = await open(path, 'a+').then(async (handle) => {
    await handle.close()
    return open(path, 'r+')
  })
  const { size } = await file.stat()
  if (size > layer.sizeBytes) await file.truncate(0)
  const existingBytes = size > layer.sizeBytes ? 0 : size
  return { path, file, existingBytes, tarHash: createHash('sha256'), position: 0 }
}

async function writeSegment(
  draft: Draft,
  segment: TarSegment,
  source: () => Promise<OpenWeights>,
  context: WriteContext,
): Promise<void> {
  if (segment.type === 'bytes') return append(draft, one(segment.bytes), [draft.tarHash], context)
  const fileHash = createHash('sha256')
  const hashes = [draft.tarHash, fileHash]
  const start = draft.position
  const keptBytes = Math.max(0, Math.min(draft.existingBytes - start, segment.sizeBytes))
  for await (const chunk of readLocal(draft.path, start, start + keptBytes)) {
    context.signal?.throwIfAborted()
    account(draft, chunk, hashes, context)
  }
  if (keptBytes < segment.sizeBytes)
    await append(
      draft,
      readPersistently((await source()).read, segment.file, keptBytes, context),
      hashes,
      context,
    )
  refuseWrongHash(segment.file, fileHash.digest('hex'))
}

/** Hashing a chunk runs while the kernel writes the one before. */
async function append(
  draft: Draft,
  chunks: AsyncIterable<Uint8Array>,
  hashes: Hash[],
  context: WriteContext,
): Promise<void> {
  let writing: Promise<unknown> = Promise.resolve()
  try {
    for await (const chunk of chunks) {
      context.signal?.throwIfAborted()
      await writing
      writing = writeAll(draft.file, chunk, draft.position)
      // Awaited before the next chunk; without this a failing write would count as unhandled meanwhile.
      writing.catch(() => {})
      account(draft, chunk, hashes, context)
    }
  } finally {
    await writing
  }
}

function account(draft: Draft, chunk: Uint8Array, hashes: Hash[], context: WriteContext): void {
  for (const hash of hashes) hash.update(chunk)
  draft.position += chunk.length
  context.onBytes(chunk.length)
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done)
    done += bytesWritten
  }
}

function refuseWrongHash(file: { path: string; sha256: string }, actual: string): void {
  if (actual === file.sha256) return
  throw new WeightsError('hash-mismatch', {
    attempted: `check ${file.path}`,
    found: `its bytes have sha256 ${actual}, and ${file.sha256} was expected`,
    hint: 'correct the sha256 in the recipe if the file is right, or find out who changed it; nothing of it was kept',
  })
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk
}
