import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Running, withAddresses } from './addresses.ts'
import { hasBaseImages, provideBaseImages } from './base-images.ts'
import { engineConfigKey, engineRuns, startEngine } from './engine.ts'
import { engineKey, provideEngine } from './engine-build.ts'
import { LabError } from './errors.ts'
import { pathExists, removeTree } from './files.ts'
import { withLock } from './lock.ts'
import { cleanNetwork } from './network.ts'
import { findContained, stopContained } from './processes.ts'
import { registryRuns, startRegistry } from './registry.ts'
import { provideRootfs, rootfsKey } from './rootfs.ts'
import { asRecorded, engineSocket, type LabSettings, recordedAddresses, registryAddress } from './settings.ts'
import type { Say } from './terminal.ts'

/** Brings the engine, the registry and the base images up; does nothing where they are. */
export async function bringUp(given: LabSettings, say: Say, signal: AbortSignal): Promise<void> {
  if (!(await isUp(given))) {
    requireRoot()
    await locked(given, say, async () => {
      const settings = asRecorded(given)
      if (!(await isUp(settings))) await build(settings, say, signal)
    })
  }
  const settings = asRecorded(given)
  if ((await readFile(inputsFile(settings), 'utf8').catch(() => '')) !== (await inputs(settings))) {
    say('the running engine was made from other sources; npm run lab:down, then lab:up, makes it anew')
  }
  say(`engine at ${engineSocket(settings)}, registry at ${registryAddress(settings)}`)
}

/** Ends what `bringUp` started and leaves the caches; `purge` deletes them as well. */
export async function takeDown(given: LabSettings, say: Say, purge: boolean): Promise<void> {
  if (!(await pathExists(given.dir))) return say('there is no lab')
  requireRoot()
  await locked(given, say, async () => {
    const settings = asRecorded(given)
    for (const role of ['engine', 'registry'] as const) {
      if (await stopContained(settings, role)) say(`stopped the ${role}`)
    }
    const root = join(settings.dir, 'rootfs')
    if (await pathExists(root)) await cleanNetwork(settings, root)
    await rm(join(settings.dir, 'run'), { recursive: true, force: true })
    if (purge) await deleteAll(settings, say)
  })
}

async function isUp(settings: LabSettings): Promise<boolean> {
  const recorded = recordedAddresses(settings.dir)
  if (recorded !== undefined && recorded.registryPort !== settings.registryPort) return false
  const [engine, registry] = await Promise.all([engineRuns(settings), registryRuns(settings)])
  return engine && registry && (await hasBaseImages(settings))
}

async function build(given: LabSettings, say: Say, signal: AbortSignal): Promise<void> {
  // What would clash is found before minutes are spent; each part looks again when it starts.
  const settings = await withAddresses(given, await running(given), async (chosen) => chosen)
  await removeTree(join(settings.dir, 'tmp'))
  // The engine's build needs the processors, Debian's packages the network.
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const [binaries, root] = await Promise.all([
    provideEngine(settings, say, either),
    provideSystem(settings, say, either),
  ]).finally(() => stop.abort())
  if (await engineRuns(settings)) return
  await stopContained(settings, 'engine')
  await cleanNetwork(settings, root)
  await deleteOthers(settings, [binaries, root])
  const now = { engine: false, registry: true }
  await withAddresses(asRecorded(settings), now, async (chosen) => {
    await startEngine(chosen, root, binaries)
    await writeFile(inputsFile(chosen), await inputs(chosen))
  })
}

/** A registry that does not answer is one of ours all the same, and so is its port. */
async function running(settings: LabSettings): Promise<Running> {
  const registry = (await findContained(settings, 'registry')) !== undefined
  return { engine: await engineRuns(settings), registry }
}

/** Deletes what earlier sources were made into, now that nothing runs from it. */
async function deleteOthers(settings: LabSettings, current: readonly string[]): Promise<void> {
  const names = (await readdir(settings.dir)).filter((name) => /^(bin|rootfs)-/.test(name))
  for (const path of names.map((name) => join(settings.dir, name))) {
    if (!current.includes(path)) await removeTree(path)
  }
}

/** Root file system, registry and base images; returns the first. */
async function provideSystem(settings: LabSettings, say: Say, signal: AbortSignal): Promise<string> {
  const root = await provideRootfs(settings, say, signal)
  if (!(await registryRuns(settings))) {
    await stopContained(settings, 'registry')
    await withAddresses(settings, await running(settings), (chosen) => startRegistry(chosen, root))
  }
  await provideBaseImages(asRecorded(settings), say, signal)
  return root
}

async function deleteAll(settings: LabSettings, say: Say): Promise<void> {
  for (const name of await readdir(settings.dir)) {
    // Others may be waiting at the lock.
    if (name !== 'lock') await removeTree(join(settings.dir, name))
  }
  say(`deleted ${settings.dir}`)
}

function locked(settings: LabSettings, say: Say, task: () => Promise<void>): Promise<void> {
  return withLock(join(settings.dir, 'lock'), () => say('waiting for another lab:up or lab:down'), task)
}

function inputsFile(settings: LabSettings): string {
  return join(settings.dir, 'run/inputs')
}

async function inputs(settings: LabSettings): Promise<string> {
  return `${await engineKey()} ${rootfsKey()} ${engineConfigKey(settings)}\n`
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return
  throw new LabError(
    'not-root',
    'the lab needs root: it mounts and makes networks',
    'become root, or use Docker or Podman',
  )
}
