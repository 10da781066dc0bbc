import { expect, test } from 'vitest'
import { formatLock, helperLock, helperNames, type Lock, lockDrift, parseLock } from '../../recipes/lock.ts'
import { factoryFor } from '../images/engines/factory.ts'
import { lockFor, recipeFor } from '../images/engines/fixtures.ts'

const before = lockFor(recipeFor('llama-cpp'))
const lockWith = (factory = factoryFor()): Lock => ({ ...before, factory })

test('the factory is pinned and read back', () => {
  expect(parseLock(formatLock(lockWith()), 'r.lock.json')).toEqual(lockWith())
})

test('a lock from before it is read as it was', () => {
  expect(parseLock(formatLock(before), 'r.lock.json')).toEqual(before)
  for (const name of helperNames) expect(helperLock(undefined, name)).toBeUndefined()
})

test.each([
  ['packer', 'zstd'],
  ['harness', 'runc'],
  ['comparer', 'xxhash'],
  ['installer', 'python3-pip'],
] as const)('a newer package of the %s is drift, named', (helper, name) => {
  const drift = lockDrift(lockWith(), lockWith(factoryFor({ [helper]: '2' })))
  expect(drift).toContain(`factory.${helper}.${name}.version: "1" -> "2"`)
  for (const line of drift) expect(line).toMatch(new RegExp(`^factory\\.${helper}\\.`))
})

test('a newer base is drift, named', () => {
  const drift = lockDrift(lockWith(), lockWith(factoryFor({ base: '2' })))
  expect(drift).toEqual([expect.stringMatching(/^factory\.base\.digest: /)])
})

test('a lock without the factory has drifted from one with it, in one line that a terminal can show', () => {
  const [line = '', ...others] = lockDrift(before, lockWith())
  expect(others).toEqual([])
  expect(line).toMatch(/^factory: \(absent\) -> /)
  expect(line.length).toBeLessThan(400)
})

test.each([
  ['without one of its helpers', (text: string) => text.replace('"harness"', '"harnes"'), 'factory.harness'],
  [
    'with a package without a hash',
    (text: string) => text.replace(/"sha256": "[0-9a-f]{64}"/, '"sha256": ""'),
    'sha256',
  ],
])('a factory %s is no lock', (_, change, said) => {
  expect(() => parseLock(change(formatLock(lockWith())), 'r.lock.json')).toThrow(said)
})
