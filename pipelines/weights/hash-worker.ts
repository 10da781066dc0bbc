import { createHash, type Hash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { HashReply, HashRequest } from './hashing.ts'

// hashing.ts starts this file with the shared memory of the slots, and sends it nothing but these requests.
const buffer: SharedArrayBuffer = workerData
const hashes = new Map<number, Hash>()

parentPort?.on('message', (request: HashRequest) => {
  const hash = hashes.get(request.id) ?? createHash('sha256')
  hashes.set(request.id, hash)
  if (request.type === 'update') {
    hash.update(new Uint8Array(buffer, request.offset, request.sizeBytes))
    return answer('')
  }
  hashes.delete(request.id)
  answer(hash.digest('hex'))
})

function answer(hex: string): void {
  parentPort?.postMessage(hex satisfies HashReply)
}
