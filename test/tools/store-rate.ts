// How near the store comes to the rate at which one core can hash: node test/tools/store-rate.ts [FOLDER] [MiB]
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readBlob } from '../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../pipelines/store/store.ts'
import { adoptFile, writeBlob } from '../../pipelines/store/write.ts'

const [parent = tmpdir(), sizeText = '2048'] = process.argv.slice(2)
const chunk = randomBytes(1024 * 1024)
const chunks = Number(sizeText)
const sizeBytes = chunks * chunk.byteLength

const folder = await mkdtemp(join(parent, 'ingot-rate-'))
const store = await openStore(join(folder, 'store'))
try {
  const blob = await writeBlob(store, content())
  // Hash and plain write again for each store figure: on a shared machine both change from minute to minute.
  const { wall: hashSeconds, cpu: hashCpu } = await seconds(hashAlone)
  const { wall: plainSeconds } = await seconds(() => writeAlone(join(folder, 'plain')))
  const { wall: writeSeconds, cpu: writeCpu } = await seconds(() => writeBlob(store, content()))
  const { wall: readSeconds } = await seconds(readAll)
  const { wall: adoptSeconds } = await seconds(() => adoptFile(store, join(folder, 'plain')))
  console.log(
    JSON.stringify(
      {
        sizeMiB: chunks,
        sha256MBps: rate(hashSeconds),
        plainWriteAndSyncMBps: rate(plainSeconds),
        writeBlobMBps: rate(writeSeconds),
        readBlobMBps: rate(readSeconds),
        adoptFileMBps: rate(adoptSeconds),
        writeBlobToSha256: ratio(writeSeconds, hashSeconds),
        writeBlobToPlainWrite: ratio(writeSeconds, plainSeconds),
        writeBlobToSlowerOfBoth: ratio(writeSeconds, Math.max(hashSeconds, plainSeconds)),
        // Of both threads, so it stays the same however busy the machine is.
        writeBlobCpuToSha256Cpu: ratio(writeCpu, hashCpu),
        peakRssMB: Math.round(process.resourceUsage().maxRSS / 1000),
      },
      null,
      2,
    ),
  )

  async function readAll(): Promise<void> {
    for await (const _ of readBlob(store, blob.digest));
  }
} finally {
  await closeStore(store)
  await rm(folder, { recursive: true, force: true })
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

async function seconds(act: () => Promise<unknown>): Promise<{ wall: number; cpu: number }> {
  const start = performance.now()
  const cpuStart = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(cpuStart)
  return { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 }
}

function rate(took: number): number {
  return Math.round(sizeBytes / took / 1e6)
}

function ratio(took: number, reference: number): number {
  return Number((took / reference).toFixed(2))
}
