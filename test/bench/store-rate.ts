// How near the store comes to the rate at which one core can hash: node test/bench/store-rate.ts [FOLDER] [MiB]
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Digest } from '../../lib/digest.ts'
import { blobPath, readBlob } from '../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { adoptFile, writeBlob } from '../../pipelines/store/write.ts'

const [parent = tmpdir(), sizeText = '2048'] = process.argv.slice(2)
const chunk = randomBytes(1024 * 1024)
const chunks = Number(sizeText)
const sizeBytes = chunks * chunk.byteLength

const folder = await mkdtemp(join(parent, 'ingot-rate-'))
const store = await openStore(join(folder, 'store'))
try {
  console.log(JSON.stringify(await measure(), null, 2))
} finally {
  await closeStore(store)
  await rm(folder, { recursive: true, force: true })
}

/**
 * Each file is written after its forerunner is gone: on a virtual machine, memory that is touched for the first time
 * costs several times the write itself.
 */
async function measure() {
  const { digest } = await writeBlob(store, content())
  await rm(blobPath(store, digest))
  const hash = await timed(hashAlone)
  const plain = await timed(() => writeAlone(join(folder, 'plain')))
  const adopt = await timed(() => adoptFile(store, join(folder, 'plain')))
  await rm(blobPath(store, digest))
  const write = await timed(() => writeBlob(store, content()))
  const read = await timed(() => readAll(digest))
  return {
    sizeMiB: chunks,
    sha256MBps: rate(hash),
    plainWriteAndSyncMBps: rate(plain),
    writeBlobMBps: rate(write),
    readBlobMBps: rate(read),
    adoptFileMBps: rate(adopt),
    writeBlobToSha256: ratio(write.wall, hash.wall),
    writeBlobToPlainWrite: ratio(write.wall, plain.wall),
    writeBlobToSlowerOfBoth: ratio(write.wall, Math.max(hash.wall, plain.wall)),
    // Of both threads, so it stays the same however busy the machine is.
    writeBlobCpuToSha256Cpu: ratio(write.cpu, hash.cpu),
    peakRssMB: Math.round(process.resourceUsage().maxRSS / 1000),
  }
}

async function readAll(digest: Digest): Promise<void> {
  for await (const _ of readBlob(store, digest));
}

async function* content(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < chunks; index += 1) yield chunk
}

async function hashAlone(): Promise<void> {
  const hash = createHash('sha256')
  for (let index = 0; index < chunks; index += 1) hash.update(chunk)
  hash.digest()
}

async function writeAlone(path: string): Promise<void> {
  const file = await open(path, 'w')
  for (let index = 0; index < chunks; index += 1) await file.write(chunk)
  await file.datasync()
  await file.close()
}

interface Timed {
  /** Seconds on the clock. */
  wall: number
  /** Seconds of processor time, user and system, all threads. */
  cpu: number
}

async function timed(act: () => Promise<unknown>): Promise<Timed> {
  const start = performance.now()
  const cpuStart = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(cpuStart)
  return { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 }
}

function rate({ wall }: Timed): number {
  return Math.round(sizeBytes / wall / 1e6)
}

function ratio(took: number, reference: number): number {
  return Number((took / reference).toFixed(2))
}
