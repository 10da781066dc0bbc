import { expect, test } from 'vitest'
import { digestOf } from '../../lib/digest.ts'
import { formatLock, type Lock, lockDrift, parseLock } from '../../recipes/lock.ts'
import { lockFor, recipeFor } from '../images/engines/fixtures.ts'

function withBusybox(version: string): Lock {
  const packages = [
    { name: 'busybox-static', version, architecture: 'amd64', sizeBytes: 9, sha256: 'ab'.repeat(32) },
  ]
  const base = { reference: 'debian:bookworm-slim', digest: digestOf('base') }
  return { ...lockFor(recipeFor('llama-cpp')), modelcar: { type: 'debian', base, packages } }
}

test('the package of a modelcar is pinned, read back, and its drift is told', () => {
  const lock = withBusybox('1:1.35.0-4')
  expect(parseLock(formatLock(lock), 'r.lock.json')).toEqual(lock)
  expect(lockDrift(lock, withBusybox('1:1.35.0-5'))).toEqual([
    'modelcar.packages.busybox-static.version: "1:1.35.0-4" -> "1:1.35.0-5"',
  ])
  expect(lockDrift(lockFor(recipeFor('llama-cpp')), lock)).toHaveLength(1)
})

test('a modelcar whose packages have no hash is no lock', () => {
  const text = formatLock(withBusybox('1:1.35.0-4')).replace('ab'.repeat(32), 'none')
  expect(() => parseLock(text, 'r.lock.json')).toThrow('modelcar.packages.0.sha256')
})

test('a member that no lock has is told without an empty path', () => {
  const text = JSON.stringify({ ...lockFor(recipeFor('llama-cpp')), extra: 1 })
  expect(() => parseLock(text, 'r.lock.json')).toThrow(/: at its outermost value: .*"extra"/)
})
