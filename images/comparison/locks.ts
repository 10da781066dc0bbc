import { optional } from '../../lib/optional.ts'
import { distributionsOf, type Lock, type LockedRuntime, type PinnedImage } from '../../recipes/lock.ts'
import type { LockedWeights, PinnedSource } from '../../recipes/locked-weights.ts'
import { partTitle } from '../../recipes/parts.ts'
import { engineOf } from '../engines/engines.ts'

/** One pin of a lock that another lock has otherwise; `none` where there is none. */
export interface PinChange {
  part: 'engine' | 'base' | 'model' | 'factory'
  what: string
  before: string
  after: string
}

/** One package, wheel or file; sizes are bytes as they are downloaded. */
export interface Item {
  version: string
  sizeBytes: number
}

/** One that was added, removed, or is another now. */
export interface ItemChange {
  kind: 'package' | 'distribution' | 'file'
  name: string
  before?: Item
  after?: Item
}

export interface LockComparison {
  pins: PinChange[]
  items: ItemChange[]
}

/** What one lock pins otherwise than another, of one recipe or of two. */
export function compareLocks(before: Lock, after: Lock): LockComparison {
  return {
    pins: [
      ...enginePins(before, after),
      ...pin('base', 'base image', imageWords(before.runtime.base), imageWords(after.runtime.base)),
      ...pythonPins(before.runtime, after.runtime),
      ...modelPins(before, after),
      ...factoryPins(before, after),
    ],
    items: [
      ...itemChanges('package', packagesOf(before.runtime), packagesOf(after.runtime)),
      ...itemChanges('distribution', distributionItems(before.runtime), distributionItems(after.runtime)),
      ...itemChanges('file', filesOf(before), filesOf(after)),
    ],
  }
}

function enginePins(before: Lock, after: Lock): PinChange[] {
  const words = ({ engine: { id, version } }: Lock) => `${engineOf(id).title} ${version}`
  return pin('engine', 'engine', words(before), words(after))
}

function pythonPins(before: LockedRuntime, after: LockedRuntime): PinChange[] {
  if (before.type !== 'python' || after.type !== 'python') return []
  return pin('base', 'Python', before.python, after.python)
}

function modelPins(before: Lock, after: Lock): PinChange[] {
  return [
    ...weightsPins('model', before.weights, after.weights),
    ...pin('model', 'licence', before.weights.license ?? 'not stated', after.weights.license ?? 'not stated'),
    ...partPins(before, after),
  ]
}

function weightsPins(
  what: string,
  before: LockedWeights | undefined,
  after: LockedWeights | undefined,
): PinChange[] {
  const [one, other] = [before, after].map((weights) =>
    weights === undefined ? 'none' : `${sourceWords(weights.source)}, set ${short(weights.setDigest)}`,
  )
  return pin('model', what, one ?? '', other ?? '')
}

function partPins({ parts: before = [] }: Lock, { parts: after = [] }: Lock): PinChange[] {
  const titles = [...new Set([...before, ...after].map(partTitle))]
  return titles.flatMap((title) => {
    const [one, other] = [before, after].map((parts) => parts.find((part) => partTitle(part) === title))
    return weightsPins(title, one?.weights, other?.weights)
  })
}

/** Programs of other containers: they are in no image, but for those that write its layers. */
function factoryPins({ factory: before }: Lock, { factory: after }: Lock): PinChange[] {
  const base = (factory: Lock['factory']) => (factory === undefined ? 'none' : imageWords(factory.base))
  const packer = (factory: Lock['factory']) =>
    (factory?.packer ?? []).map(({ name, version }) => `${name} ${version}`).join(', ') || 'none'
  return [
    ...pin('factory', 'factory', base(before), base(after)),
    ...pin('factory', 'packer', packer(before), packer(after)),
  ]
}

function pin(part: PinChange['part'], what: string, before: string, after: string): PinChange[] {
  return before === after ? [] : [{ part, what, before, after }]
}

function imageWords({ reference, digest }: PinnedImage): string {
  return `${reference.replace(/@.*/, '')} ${short(digest)}`
}

function sourceWords(source: PinnedSource): string {
  switch (source.type) {
    case 'huggingface':
      return `${source.repo} ${source.commit.slice(0, 12)}`
    case 'folder':
      return source.path
    case 'oci':
      return `${source.reference.replace(/@.*/, '')} ${short(source.digest)}`
    case 'url':
      return source.url
    case 'pypi':
      return `${source.package} ${source.version}`
    case 'quantized':
      return `${sourceWords(source.from.source)} as ${source.to}`
  }
}

/** The first 12 digits of a digest: enough to see that it is another one. */
function short(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12)
}

type Items = ReadonlyMap<string, Item>

function packagesOf(runtime: LockedRuntime): Items {
  const packages = runtime.type === 'upstream' ? [] : runtime.packages
  return new Map(packages.map(({ name, version, sizeBytes }) => [name, { version, sizeBytes }]))
}

/** Of several wheels the largest; distributions of an official image have no size of their own. */
function distributionItems(runtime: LockedRuntime): Items {
  if (runtime.type === 'upstream')
    return new Map(
      Object.entries(runtime.distributions ?? {}).map(([name, version]) => [name, { version, sizeBytes: 0 }]),
    )
  const wheels = distributionsOf(runtime)
  return new Map(
    wheels.map(({ name, version, wheels: files }) => [
      name,
      { version, sizeBytes: Math.max(...files.map(({ sizeBytes }) => sizeBytes)) },
    ]),
  )
}

function filesOf({ weights, parts = [] }: Lock): Items {
  const sets = [
    { prefix: '', weights },
    ...parts.map((part) => ({ prefix: `${partTitle(part)}: `, weights: part.weights })),
  ]
  return new Map(
    sets.flatMap(({ prefix, weights: { files } }) =>
      files.map(
        ({ path, sizeBytes, sha256 }) => [`${prefix}${path}`, { version: short(sha256), sizeBytes }] as const,
      ),
    ),
  )
}

function itemChanges(kind: ItemChange['kind'], before: Items, after: Items): ItemChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name) => {
    const [one, other] = [before.get(name), after.get(name)]
    if (one?.version === other?.version && one?.sizeBytes === other?.sizeBytes) return []
    return [{ kind, name, ...optional('before', one), ...optional('after', other) }]
  })
}
