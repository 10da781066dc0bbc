import { expect, test } from 'vitest'
import { lockFit } from '../../images/plan/lock-fit.ts'
import { digestOf } from '../../lib/digest.ts'
import { formatLock, type Lock, lockDrift, parseLock } from '../../recipes/lock.ts'
import { readSettingFile } from '../../recipes/setting-files.ts'
import { lockFor, recipeFor } from '../images/engines/fixtures.ts'
import { trusted } from './certificate.ts'
import { lockMadeFrom, rawRecipe, recipeOf } from './locked.ts'

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

test('a certificate or a file of settings that is not the one of its hash is no lock', () => {
  const template = readSettingFile('chatTemplate', 't.jinja', Buffer.from('{{ messages }}'))
  if (!template.ok) throw new Error(template.message)
  const lock = {
    ...lockFor(recipeFor('llama-cpp')),
    trust: [trusted],
    settingFiles: { chatTemplate: template.file },
  }
  const text = formatLock(lock)
  expect(parseLock(text, 'r.lock.json')).toEqual(lock)
  expect(() => parseLock(text.replace('{{ messages }}', '{{ others }}'), 'r.lock.json')).toThrow(
    'settingFiles.chatTemplate.text: it is not the text that sha256 stands for',
  )
  expect(() => parseLock(text.replace('CN=a', 'CN=b'), 'r.lock.json')).toThrow(
    'trust.0.certificates.0.pem: it is not the certificate',
  )
})

test('a lock that lost a package that was asked for, or whose base has another digest than its name, does not fit', () => {
  const lock = lockMadeFrom(recipeOf(rawRecipe('url')))
  if (lock.runtime.type !== 'debian') throw new Error('not of Debian')
  const packages = lock.runtime.packages.filter(({ name }) => name !== 'tini')
  const lost = { ...lock, runtime: { ...lock.runtime, packages } }
  expect(lockFit(recipeOf(rawRecipe('url')), lost)).toMatchObject([
    { path: 'engine.id', recipe: '"llama-cpp", which takes tini', renews: ['runtime'] },
  ])
  expect(
    lockFit(recipeOf(rawRecipe('url')), { ...lost, runtime: { ...lost.runtime, present: ['tini'] } }),
  ).toEqual([])
  const raw = rawRecipe('url')
  const base = `debian@${digestOf('another')}`
  const pinned = recipeOf({ ...raw, image: { ...Object(raw['image']), base } })
  const made = lockMadeFrom(pinned)
  const other = { ...made, runtime: { ...made.runtime, base: { reference: base, digest: digestOf('base') } } }
  expect(lockFit(pinned, other)).toMatchObject([
    { path: 'image.base', recipe: `"${digestOf('another')}"`, lock: `"${digestOf('base')}"` },
  ])
})

const plain = lockMadeFrom(recipeOf(rawRecipe('url')))

test('a lock with both sides of a merge is no lock, whichever of them came last', () => {
  const text = formatLock(plain)
  for (const twice of [
    text.replace('"recipe": "tiny"', '"recipe": "other",\n  "recipe": "tiny"'),
    text.replace(/("setDigest": ".*")/, '$1,\n    $1'),
  ])
    expect(() => parseLock(twice, 'r.lock.json')).toThrow(/"(recipe|setDigest)" stands twice in one place/)
})

test('a package that stands twice, and one whose name is an option, are in no lock', () => {
  const { runtime } = plain
  const [first] = runtime.type === 'debian' ? runtime.packages : []
  if (first === undefined) throw new Error('no package')
  const withPackages = (...packages: object[]) =>
    JSON.stringify({ ...plain, runtime: { ...runtime, packages } })
  expect(() => parseLock(withPackages(first, { ...first, version: '2' }), 'r.lock.json')).toThrow(
    `${first.name} stands there twice`,
  )
  for (const odd of [{ name: '-oAPT::x=1' }, { name: '../x' }, { version: '1;id' }, { version: '' }])
    expect(() => parseLock(withPackages({ ...first, ...odd }), 'r.lock.json')).toThrow('runtime.packages.0')
})

test('the lock of a newer version is told as such', () => {
  const text = JSON.stringify({ ...plain, lockVersion: 2, news: true })
  expect(() => parseLock(text, 'r.lock.json')).toThrow(/a newer ingot wrote it.*lockVersion 2/s)
  expect(() => parseLock(JSON.stringify({ ...plain, lockVersion: '2' }), 'r.lock.json')).toThrow(
    'lockVersion',
  )
})
