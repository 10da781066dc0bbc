import { expect, test } from 'vitest'
import { lockFit } from '../../images/plan/lock-fit.ts'
import { lockRequestOf } from '../../images/plan/lock-request.ts'
import { planImage } from '../../images/plan/plan.ts'
import { formatLock, type Lock, parseLock } from '../../recipes/lock.ts'
import type { LockDifference } from '../../recipes/lock-difference.ts'
import { lockDifferences } from '../../recipes/lock-differences.ts'
import { lockOriginOf } from '../../recipes/lock-origin.ts'
import { lockRenewal } from '../../recipes/lock-renewal.ts'
import { type LockedFile, partOverheadBytes } from '../../recipes/locked-weights.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { refused as refusedKeys, set } from './lock-cases.ts'
import { type Harmless, harmless } from './lock-harmless.ts'
import { ownRefused } from './lock-own-cases.ts'
import { hash, lockMadeFrom, type RawRecipe, rawRecipe, recipeOf, sources, withoutRecord } from './locked.ts'
import { recipeKeys } from './schema-keys.ts'

const refused = [...refusedKeys, ...ownRefused]

function sourceOfKey(key: string): WeightsSource['type'] {
  // The table writes the kind between parentheses.
  return (/(?<!expect)\((\w+)\)/.exec(key)?.[1] ?? 'url') as WeightsSource['type']
}

function pair({ key, before, change }: Harmless): { lock: Lock; old: Recipe; edited: Recipe } {
  const type = sourceOfKey(key)
  // JSON copies: tables share parts.
  const raw = () => {
    const copy: RawRecipe = JSON.parse(JSON.stringify(rawRecipe(type)))
    before?.(copy)
    return copy
  }
  const edited = raw()
  change(edited)
  const old = recipeOf(raw())
  return { lock: lockMadeFrom(old), old, edited: recipeOf(edited) }
}

function differences(recipe: Recipe, lock: Lock): LockDifference[] {
  return lockDifferences(recipe, lock, lockRequestOf(recipe))
}

const named = ({ key, what }: { key: string; what?: string }) =>
  what === undefined ? key : `${key}: ${what}`

test('every key of the recipe schema is in a table', () => {
  const known = new Set([...refused, ...harmless].map(({ key }) => key))
  const keys = recipeKeys()
  expect(keys.filter((key) => !known.has(key))).toEqual([])
  expect([...known].filter((key) => !keys.includes(key))).toEqual([])
})

test.each(Object.keys(sources))('a lock fits the recipe that it was made from: %s', (type) => {
  const recipe = recipeOf(rawRecipe(sourceOfKey(`(${type})`)))
  const lock = parseLock(formatLock(lockMadeFrom(recipe)), 'x.lock.json')
  expect(differences(recipe, lock)).toEqual([])
  expect(differences(recipe, withoutRecord(lock))).toEqual([])
})

test.each(refused.map((one) => [named(one), one] as const))(
  'an edit of %s is named, and a lock renews what it touches',
  (_, one) => {
    const { lock, old, edited } = pair(one)
    expect(differences(old, lock)).toEqual([])
    const found = differences(edited, lock)
    expect(found.map(({ path }) => path)).toContain(one.named ?? one.key)
    expect(found.find(({ path }) => path === (one.named ?? one.key))).toMatchObject({
      recipe: expect.any(String),
      lock: expect.any(String),
    })
    expect(lockRenewal(lock, found)).toMatchObject(one.renews)
  },
)

test.each(refused.map((one) => [named(one), one] as const))(
  'a lock without a record: what it pins tells of an edit of %s, or says that it cannot',
  (_, one) => {
    const { lock, edited } = pair(one)
    expect(differences(edited, withoutRecord(lock)).length > 0).toBe(!one.isUnseenWithoutRecord)
  },
)

const told = refused.filter((one) => !one.isUnseenWithoutRecord && one.what !== 'of an official image')

test.each(told.map((one) => [named(one), one] as const))(
  'a record that was merged away from what is pinned does not hide an edit of %s',
  (_, one) => {
    const { lock, edited } = pair(one)
    const merged: Lock = { ...lock, madeFrom: lockOriginOf(edited, lockRequestOf(edited)) }
    expect(differences(edited, merged)).not.toEqual([])
  },
)

/** A recipe that notes which of its keys are read. */
function watched<Value extends object>(value: Value, seen: Set<string>, prefix = ''): Value {
  return new Proxy(value, {
    get(target, key, receiver) {
      const found: unknown = Reflect.get(target, key, receiver)
      if (typeof key === 'symbol') return found
      seen.add(`${prefix}${key}`)
      return found !== null && typeof found === 'object' && !Array.isArray(found)
        ? watched(found, seen, `${prefix}${key}.`)
        : found
    },
  })
}

test.each(harmless.map((one) => [one.key, one] as const))(
  'an edit of %s leaves the lock as it is',
  (_, one) => {
    const { lock, old, edited } = pair(one)
    expect(differences(edited, lock)).toEqual([])
    // What resolving asks the world for is the same, or the lock has more than is used.
    const [was, is] = [lockRequestOf(old), lockRequestOf(edited)]
    expect({ ...is, maxLayerBytes: is.usesParts ? is.maxLayerBytes : 0, usesParts: 0 }).toEqual({
      ...was,
      maxLayerBytes: is.usesParts ? was.maxLayerBytes : 0,
      usesParts: 0,
    })
  },
)

test('keys that are always harmless are not even read', () => {
  const seen = new Set<string>()
  for (const type of ['url', 'huggingface'] as const) {
    const recipe = watched(recipeOf(rawRecipe(type)), seen)
    lockOriginOf(recipe, lockRequestOf(recipe))
  }
  const conditional = new Set(refused.map(({ key }) => key))
  const never = harmless.map(({ key }) => key).filter((key) => !conditional.has(key))
  expect(never.filter((key) => seen.has(key))).toEqual([])
  expect(seen).toContain('image.registry')
})

test('the record is no part of the plan', () => {
  const recipe = recipeOf(rawRecipe('url'))
  const lock = lockMadeFrom(recipe)
  expect(planImage(recipe, lock)).toEqual(planImage(recipe, withoutRecord(lock)))
})

const whole: LockedFile = { path: 'model.gguf', sizeBytes: 30e9, sha256: hash('a') }
const part = { headerBytes: 1, headerSha256: hash('b'), start: 0, end: 10 }
const split = (limit: number) => ({
  maxPartBytes: limit - partOverheadBytes,
  dataStart: 0,
  parts: [{ ...part, path: 'model-00001-of-00002.gguf' }],
})

test.each([
  ['a file too large for a layer, unsplit', '20GB', whole, true],
  ['the same without a limit', 'any', whole, false],
  ['parts for another limit', '20GB', { ...whole, split: split(10e9) }, true],
  ['parts for this limit', '20GB', { ...whole, split: split(20e9) }, false],
  ['parts where none are wanted', 'any', { ...whole, split: split(20e9) }, true],
] as const)('without a record: %s', (_, registry, file, isTold) => {
  const raw = rawRecipe('url')
  set('image.registry', registry)(raw)
  const lock = lockMadeFrom(recipeOf(raw))
  const old = withoutRecord({ ...lock, weights: { ...lock.weights, files: [file] } })
  const found = differences(recipeOf(raw), old)
  expect(found.map(({ path, renews }) => [path, renews])).toEqual(
    isTold ? [['image.registry', ['parts']]] : [],
  )
})

test('a newer ingot that installs more on the same base is told apart from an edit', () => {
  const recipe = recipeOf(rawRecipe('url'))
  const request = lockRequestOf(recipe)
  const more = {
    ...request,
    runtime: { ...request.runtime, packages: [...(request.runtime.packages ?? []), 'libgomp1'] },
  }
  expect(lockDifferences(recipe, lockMadeFrom(recipe), more)).toEqual([
    {
      path: 'engine.id',
      recipe:
        '"llama-cpp", which takes debian:forky-slim with llama.cpp-tools, dumb-init, tini, libgomp1 now',
      lock: 'debian:forky-slim with llama.cpp-tools, dumb-init, tini',
      renews: ['runtime'],
    },
  ])
})

test('a revision that is a commit is the commit that is pinned', () => {
  const raw = rawRecipe('huggingface')
  set('weights.source.revision', 'c0'.repeat(20))(raw)
  const recipe = recipeOf(raw)
  const lock = lockMadeFrom(recipe)
  expect(differences(recipe, lock)).toEqual([])
  // The pinned source of this recipe is a commit of the Hub.
  const source = { ...lock.weights.source, commit: 'c1'.repeat(20) } as Lock['weights']['source']
  const other = { ...lock, weights: { ...lock.weights, source } }
  expect(differences(recipe, other).map(({ path }) => path)).toEqual(['weights.source.revision'])
})

test('a version that was edited away from its package is told', () => {
  const recipe = recipeOf(rawRecipe('url'))
  const lock = lockMadeFrom(recipe)
  const at = (version: string): Lock => ({ ...lock, engine: { ...lock.engine, version } })
  expect(lockFit(recipe, lock)).toEqual([])
  expect(lockFit(recipe, at('0.8.0'))).toMatchObject([{ path: 'engine.version', renews: ['runtime'] }])
  expect(lockFit(recipe, withoutRecord(at('0.8.0')))).toMatchObject([{ path: 'engine.version' }])
})

test.each(['banana', '', '1', '0.7', null, 7])(
  'a lock whose engine has the version %j is no lock',
  (version) => {
    const lock = lockMadeFrom(recipeOf(rawRecipe('url')))
    // Types keep such a version out of our own code, not out of a file.
    const text = formatLock({ ...lock, engine: { ...lock.engine, version: version as string } })
    expect(() => parseLock(text, 'x.lock.json')).toThrow('engine.version')
  },
)
