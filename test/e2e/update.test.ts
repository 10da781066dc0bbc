import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf } from '../../lib/digest.ts'
import { lockFileOf } from '../../pipelines/lock/lock-file.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { formatLock, type Lock, parseLock } from '../../recipes/lock.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'

let place: Workplace
let recipe: string
let lockFile: string
let now: Lock

beforeAll(async () => {
  place = await newWorkplace()
  recipe = await writeRecipe(place, 'demo', await readFile(demoRecipe, 'utf8'))
  lockFile = lockFileOf(recipe, readSettings(place.environment))
  const run = await ingot(['lock', recipe], place)
  expect(run.code, run.stderr).toBe(0)
  now = await locked()
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

async function locked(): Promise<Lock> {
  return parseLock(await readFile(lockFile, 'utf8'), lockFile)
}

const oldVersion = '0.7.0~rc1-1'

/** The lock as it was a while ago: an older engine package, and another base. */
async function writeOldLock(): Promise<Lock> {
  if (now.runtime.type !== 'debian') throw new Error('the demo comes from packages')
  const packages = now.runtime.packages.map((one) =>
    one.name === 'llama.cpp-tools' ? { ...one, version: oldVersion, sizeBytes: one.sizeBytes - 1000 } : one,
  )
  const base = { ...now.runtime.base, digest: digestOf('older') }
  const old: Lock = { ...now, runtime: { ...now.runtime, base, packages } }
  await writeFile(lockFile, formatLock(old))
  return old
}

test('nothing is newer than a lock of today', async () => {
  const run = await ingot(['outdated', recipe], place)
  expect(run.code, run.stderr).toBe(0)
  expect(run.stdout).toBe(`smollm2-135m-llama-cpp (${recipe}): nothing is newer\n`)
})

test('outdated names engine package, base and bytes; update writes the lock of today', async () => {
  const old = await writeOldLock()
  const told = await ingot(['outdated', place.folder], place)
  expect(told.code, told.stderr).toBe(0)
  for (const words of [oldVersion, 'base image', 'llama.cpp-tools', '+1.0 kB'])
    expect(told.stdout).toContain(words)
  expect(await locked()).toEqual(old)
  const written = await ingot(['update', recipe, '--json'], place)
  expect(written.code, written.stderr).toBe(0)
  expect(await locked()).toEqual(now)
  const kept = join(place.folder, 'old.lock.json')
  await writeFile(kept, formatLock(old))
  const diff = await ingot(['diff', kept, recipe, '--json'], place)
  const [update] = JSON.parse(written.stdout)
  expect(JSON.parse(diff.stdout).lock).toEqual(update.comparison.lock)
})

test('an update of the base or of the model alone leaves the rest', async () => {
  const old = await writeOldLock()
  const model = await ingot(['update', recipe, '--model'], place)
  expect(model.stdout).toContain('nothing is newer')
  expect(await locked()).toEqual(old)
  // The archive has one version of each package, so they come along with the base.
  expect((await ingot(['update', recipe, '--base'], place)).code).toBe(0)
  expect(await locked()).toEqual(now)
})
