import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Slots } from './slots.ts'

export type HashRequest =
  | { type: 'update'; id: number; offset: number; sizeBytes: number }
  | { type: 'digest'; id: number }
/** Hex of a digest, or empty for an update; replies come in the order of the requests. */
export type HashReply = string

/** A sha256 in the making. The bytes of `update` must not change until it resolves. */
export interface Sha256 {
  update(bytes: Uint8Array): Promise<unknown>
  /** 64 hex digits. */
  digest(): Promise<string>
}

export interface HashPool {
  newHash(): Sha256
  close(): Promise<void>
}

/** Below this, starting threads costs more than they save. */
const threadedFromBytes = 64e6

/**
 * Hashes on threads: a layer has two (of its file and of its tar), which one core would compute one after the other.
 * Streams are dealt to the threads in turn.
 */
export function openHashPool(slots: Slots, streams: number, totalBytes: number): HashPool {
  if (totalBytes < threadedFromBytes) return { newHash: hashHere, close: async () => {} }
  const threads = Array.from({ length: Math.min(availableParallelism(), streams, 16) }, () =>
    startThread(slots),
  )
  let count = 0
  return {
    newHash: () => threads[count % threads.length]?.newHash(count++) ?? hashHere(),
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

function hashHere(): Sha256 {
  const hash = createHash('sha256')
  return {
    update: async (bytes) => hash.update(bytes),
    digest: async () => hash.digest('hex'),
  }
}

function startThread(slots: Slots) {
  const worker = new Worker(join(import.meta.dirname, `hash-worker${extname(import.meta.filename)}`), {
    workerData: slots.buffer,
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 },
  })
  const waiting: PromiseWithResolvers<HashReply>[] = []
  let broken: unknown
  worker.on('message', (reply: HashReply) => waiting.shift()?.resolve(reply))
  worker.on('error', (error) => {
    broken = error
    for (const one of waiting.splice(0)) one.reject(error)
  })
  function ask(request: HashRequest): Promise<HashReply> {
    if (broken) return Promise.reject(broken)
    const reply = Promise.withResolvers<HashReply>()
    waiting.push(reply)
    worker.postMessage(request)
    return reply.promise
  }
  return {
    newHash: (id: number): Sha256 => ({
      update: (bytes) => ask({ type: 'update', id, offset: bytes.byteOffset, sizeBytes: bytes.length }),
      digest: () => ask({ type: 'digest', id }),
    }),
    close: () => worker.terminate(),
  }
}
