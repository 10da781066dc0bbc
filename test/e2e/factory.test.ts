import { readFile, rm, writeFile } from 'node:fs/promises'
import { type Client, connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { lockFileOf } from '../../pipelines/lock/lock-file.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { installDebian } from '../../pipelines/software/debian.ts'
import { formatLock, helperNames, type Lock, parseLock } from '../../recipes/lock.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'

// What packs the layers, pinned by the lock and installed from a real archive.

let place: Workplace
let lockFile: string
let lock: Lock

beforeAll(async () => {
  place = await newWorkplace()
  lockFile = lockFileOf(demoRecipe, readSettings(place.environment))
  const locked = await ingot(['lock', demoRecipe], place)
  expect(locked.code, locked.stderr).toBe(0)
  lock = parseLock(await readFile(lockFile, 'utf8'), lockFile)
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

async function withClient<Result>(use: (client: Client) => Promise<Result>): Promise<Result> {
  const results: Result[] = []
  await connect(async (client) => void results.push(await use(client)))
  const [result] = results
  if (result === undefined) throw new Error('the session ended without a result')
  return result
}

/** The lock with another version or hash of zstd, as if the archive had moved on. */
function withZstd(change: { version?: string; sha256?: string }): Lock {
  if (lock.factory === undefined) throw new Error('no factory')
  const packer = lock.factory.packer.map((item) => (item.name === 'zstd' ? { ...item, ...change } : item))
  return { ...lock, factory: { ...lock.factory, packer } }
}

async function built(locked: Lock): Promise<{ report: Report; stderr: string }> {
  await writeFile(lockFile, formatLock(locked))
  const { code, stdout, stderr } = await ingot(['build', demoRecipe, '--no-verify', '--json'], place)
  expect(code, stderr).toBe(0)
  return { report: JSON.parse(stdout)[0], stderr }
}

test('a lock pins the base and the packages of every helper', () => {
  expect(lock.factory?.base).toMatchObject({ reference: 'debian:bookworm-slim' })
  for (const name of helperNames) expect(lock.factory?.[name].length, name).toBeGreaterThan(0)
  // Alone: with what pax-utils depends on, an update of Python would be another plan.
  expect(lock.factory?.packer.map(({ name }) => name)).toEqual(['pax-utils', 'zstd'])
  expect(lock.factory?.harness.map(({ name }) => name)).toContain('runc')
})

test('a lock that adds nothing to its base installs nothing, and that is no drift', async () => {
  const { base } = lock.factory ?? {}
  if (base === undefined) throw new Error('no factory')
  const outcome = await withClient(async (client) =>
    (await installDebian(client, { type: 'debian', base, packages: [] }, 'linux/amd64'))
      .file('/tmp/ingot/outcome')
      .contents(),
  )
  expect(outcome).toBe('done\n')
})

test('pinned or not, the same archive packs the same bytes; a build without pins says so', async () => {
  const { factory, ...before } = lock
  const pinned = await built(lock)
  const unpinned = await built(before)
  const layersOf = ({ layers }: Report) => layers.map(({ digest }) => digest)
  expect(layersOf(unpinned.report)).toEqual(layersOf(pinned.report))
  expect(unpinned.report.plan).not.toBe(pinned.report.plan)
  expect(unpinned.stderr).toContain('the lock does not pin what packs the layers')
  expect(pinned.stderr).not.toContain('the lock does not pin')
})

test('`ingot lock --check` names what drifted in the factory', async () => {
  await writeFile(lockFile, formatLock(lock))
  expect(await ingot(['lock', demoRecipe, '--check'], place)).toMatchObject({
    code: 0,
    stdout: 'nothing drifted\n',
  })
  await writeFile(lockFile, formatLock(withZstd({ version: '0.0.1' })))
  const { code, stdout } = await ingot(['lock', demoRecipe, '--check'], place)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^factory\.packer\.zstd\.version: "0\.0\.1" -> "\S+"$/m)
})

test.each([
  [
    'version that left the archive',
    { version: '0.0.1' },
    'a locked version is no longer in the archive',
    'ingot lock --all RECIPE',
  ],
  ['file that was changed', { sha256: '0'.repeat(64) }, 'does not have its locked sha256', 'do not trust it'],
])('a pinned %s stops the build as with a package of the engine', async (_, change, found, hint) => {
  await writeFile(lockFile, formatLock(withZstd(change)))
  const { code, stderr } = await ingot(['build', demoRecipe, '--no-verify'], place)
  expect(code).toBe(1)
  expect(stderr).toContain('locked packages of the packer on debian:bookworm-slim')
  expect(stderr).toContain(found)
  expect(stderr).toContain(hint)
})
