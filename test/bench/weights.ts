import { execFile, spawn } from 'node:child_process'
import { createCipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { formatBytes, parseBytes } from '../../lib/bytes.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { type LockedWeights, totalBytes } from '../../recipes/locked-weights.ts'
import { diskContent, type HubRepo } from '../hub/repo.ts'
import { startHub } from '../hub/server.ts'
import { toolPath } from '../tools/find.ts'
import { diskSeconds, pairedSha256Rate, sha256Rate } from './machine-limits.ts'
import { otherDownloads } from './other-downloads.ts'

const run = promisify(execFile)

// npx node test/bench/weights.ts [--size 4GB] [--dir FOLDER] [--no-crane] [--source hub]: packing against the sha256 rate of one
// core and `crane append`; from a folder, or over HTTP from the Hub fixture, which then takes its own share of the cores, beside curl
// and Python's `snapshot_download` from the same.
const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '4GB' },
    dir: { type: 'string', default: tmpdir() },
    'no-crane': { type: 'boolean', default: false },
    source: { type: 'string', default: 'folder' },
  },
})

interface Packed {
  seconds: number
  cpuSeconds: number
  peakRssBytes: number
  writtenBytes: number
  readBytes: number
  digests: string[]
}

const folder = await mkdtemp(join(values.dir, 'ingot-bench-'))
try {
  await measure()
} finally {
  await rm(folder, { recursive: true, force: true })
}

function contextNow() {
  return { recipeFolder: '/', settings: readSettings(process.env) }
}

async function measure(): Promise<void> {
  const files = join(folder, 'model')
  await generate(files, parseBytes(values.size))
  const local = await inventoryWeights({ type: 'folder', path: files }, contextNow())
  const hub = values.source === 'hub' ? await startHub([hubRepo(files, local)]) : undefined
  if (hub) process.env['HF_ENDPOINT'] = hub.url
  const context = contextNow()
  const weights = hub
    ? await inventoryWeights({ type: 'huggingface', repo: 'bench/model', revision: 'main' }, context)
    : local
  const bytes = totalBytes(weights.files)
  const lock = join(folder, 'lock.json')
  await writeFile(lock, JSON.stringify(weights))

  // What generating left unwritten would share the disk with the first measurement.
  await run('sync')
  const limits = {
    hashSeconds: bytes / (await pairedSha256Rate()),
    diskSeconds: await diskSeconds(folder, bytes),
  }
  const rates = [sha256Rate()]
  const first = await pack(lock, 'one')
  rates.push(sha256Rate())
  const again = await pack(lock, 'one')
  await run('sync')
  const elsewhere = await pack(lock, 'two')
  rates.push(sha256Rate())
  await run('sync')
  const names = weights.files.map(({ path }) => path)
  const others = hub ? await otherDownloads(hub.url, 'bench/model', names, folder) : undefined
  await hub?.close()
  const storeBytes = await sizeOfFolder(join(folder, 'one'))
  await rm(join(folder, 'two'), { recursive: true })
  const crane = values['no-crane'] ? undefined : await craneAppend(files)
  const rate = Math.max(...rates)
  const best = Math.min(first.seconds, elsewhere.seconds)
  const floor = bytes / rate

  print({
    machine: `${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, store on ${values.dir}`,
    model: `${formatBytes(bytes)} in ${weights.files.length} files from a ${weights.source.type} source`,
    'sha256 of one core': `${formatBytes(rate)}/s, so ${floor.toFixed(2)} s for the model`,
    'two such hashes at once, on threads': `${limits.hashSeconds.toFixed(2)} s for the model`,
    'dd of as many zeros, synced': `${limits.diskSeconds.toFixed(2)} s`,
    'ingot packs in': `${first.seconds.toFixed(2)} s and ${elsewhere.seconds.toFixed(2)} s (CPU ${first.cpuSeconds.toFixed(2)} s)`,
    'ratio to sha256': (best / floor).toFixed(2),
    'ratio to the slower of hashing twice and dd': (
      best / Math.max(limits.hashSeconds, limits.diskSeconds)
    ).toFixed(2),
    'CPU seconds / cores / sha256': (
      Math.min(first.cpuSeconds, elsewhere.cpuSeconds) /
      availableParallelism() /
      floor
    ).toFixed(2),
    'crane append': crane ? `${crane.toFixed(2)} s` : 'not run',
    curl: others ? `${others.curlSeconds.toFixed(2)} s` : 'not run',
    'ratio to curl': others ? (best / others.curlSeconds).toFixed(2) : 'not run',
    snapshot_download: others ? `${others.snapshotSeconds.toFixed(2)} s` : 'not run',
    'ratio to snapshot_download': others ? (best / others.snapshotSeconds).toFixed(2) : 'not run',
    'ratio to crane append': crane ? (best / crane).toFixed(3) : 'not run',
    'peak RSS': formatBytes(Math.max(first.peakRssBytes, elsewhere.peakRssBytes)),
    'handed to write()': formatBytes(first.writtenBytes),
    'store on disk': `${formatBytes(storeBytes)}, ${(storeBytes / bytes).toFixed(4)} of the model`,
    'second run': `${again.seconds.toFixed(3)} s, reads ${formatBytes(again.readBytes)}, writes ${formatBytes(again.writtenBytes)}`,
    'same digests in two places': String(first.digests.join() === elsewhere.digests.join()),
  })
}

function hubRepo(folder: string, { files }: LockedWeights): HubRepo {
  const contents = files.map(
    (file) => [file.path, diskContent(join(folder, file.path), file.sha256)] as const,
  )
  return { name: 'bench/model', commit: '0'.repeat(40), files: new Map(contents) }
}

/** Three large files, one that shares a layer with others, and small ones; no byte can be compressed. */
async function generate(target: string, bytes: number): Promise<void> {
  await mkdir(target)
  const sizes = [0.4, 0.3, 0.29].map(
    (part, i) => [`model-0000${i + 1}-of-00003.safetensors`, Math.floor(bytes * part)] as const,
  )
  for (const [name, sizeBytes] of [
    ...sizes,
    ['tokenizer.model', Math.floor(bytes * 0.01)] as const,
    ['config.json', 700] as const,
  ])
    await writeRandom(join(target, name), sizeBytes)
}

async function writeRandom(path: string, sizeBytes: number): Promise<void> {
  const cipher = createCipheriv('aes-128-ctr', randomBytes(16), Buffer.alloc(16))
  const zeros = Buffer.alloc(8 << 20)
  const file = createWriteStream(path)
  for (let left = sizeBytes; left > 0; left -= zeros.length)
    if (!file.write(cipher.update(zeros.subarray(0, Math.min(left, zeros.length))))) await once(file, 'drain')
  file.end()
  await once(file, 'close')
}

async function pack(lock: string, store: string): Promise<Packed> {
  const program = resolve(import.meta.dirname, 'pack-once.ts')
  // As bin/ingot starts it.
  const flags = ['--max-semi-space-size=1', program]
  const { stdout } = await run(process.execPath, [...flags, lock, join(folder, store)])
  return JSON.parse(stdout)
}

/** Seconds of `crane append` alone: the tars that it needs are made before, and cost the others' users time as well. */
async function craneAppend(files: string): Promise<number> {
  const crane = toolPath('crane')
  const tars = []
  for (const name of (await readdir(files)).sort()) {
    await mkdir(join(folder, 'tars'), { recursive: true })
    const tar = join(folder, 'tars', `${name}.tar`)
    await run('tar', [
      '--create',
      '--file',
      tar,
      '--directory',
      files,
      '--transform',
      's,^,models/bench/,',
      name,
    ])
    tars.push('--new_layer', tar)
  }
  const began = performance.now()
  const args = [
    'append',
    '--oci-empty-base',
    '--new_tag',
    'bench:latest',
    '--output',
    join(folder, 'crane.tar'),
    ...tars,
  ]
  const child = spawn(crane, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`crane append ended with ${code}`)
  return (performance.now() - began) / 1000
}

async function sizeOfFolder(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).blocks * 512)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

function print(figures: Record<string, string>): void {
  for (const [name, figure] of Object.entries(figures)) console.log(`${name.padEnd(30)} ${figure}`)
}
