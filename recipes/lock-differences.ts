import semver from 'semver'
import { canonicalJson } from '../lib/json.ts'
import type { DebianLock, Lock } from './lock.ts'
import { differing, type LockDifference, shown } from './lock-difference.ts'
import { addedPackages, type LockRequest, type RuntimeRequest } from './lock-origin.ts'
import { partOverheadBytes } from './locked-weights.ts'
import { ownDifferences } from './own-differences.ts'
import { partDifferences } from './part-differences.ts'
import { quantizationDifferences } from './quantization-differences.ts'
import type { Recipe } from './recipe.ts'
import { isSameLine } from './release-tags.ts'
import { settingFileKeys } from './setting-files.ts'
import { sourceDifferences } from './source-differences.ts'

/**
 * Everything in which a lock does not belong to a recipe, one entry a key; empty when it does. What the lock recorded is
 * compared, and what it pins as well, so that a merged or edited lock is found; of a lock without the record the latter alone.
 */
export function lockDifferences(recipe: Recipe, lock: Lock, request: LockRequest): LockDifference[] {
  return onePerKey([
    ...differing('name', recipe.name, lock.recipe, []),
    ...engineDifferences(recipe, lock),
    ...runtimeDifferences(recipe, lock, request),
    ...platformDifferences(recipe, lock),
    ...sourceDifferences({
      source: recipe.weights.source,
      recorded: lock.madeFrom?.recipe.weights.source,
      pinned: lock.weights,
    }),
    ...quantizationDifferences(recipe.weights.quantize, lock.weights),
    ...partDifferences(recipe, lock),
    ...splitDifferences(recipe, lock, request),
    ...modelcarDifferences(recipe, lock, request),
    ...differing(
      'image.trust',
      filesOf(recipe),
      lock.trust?.map(({ path }) => path),
      [],
    ),
    ...ownDifferences(recipe, lock),
    ...settingFileKeys.flatMap((key) =>
      differing(`model.${key}`, recipe.model[key], lock.settingFiles?.[key]?.path, []),
    ),
  ])
}

function filesOf({ image: { trust } }: Recipe): string[] | undefined {
  return trust === 'keep' ? undefined : trust
}

/** The first words of a key stay; what any entry of it renews is renewed. */
function onePerKey(differences: readonly LockDifference[]): LockDifference[] {
  const found = new Map<string, LockDifference>()
  for (const one of differences) {
    const before = found.get(one.path)
    const renews = [...new Set([...(before?.renews ?? []), ...one.renews])]
    found.set(one.path, { ...(before ?? one), renews })
  }
  return [...found.values()]
}

function engineDifferences(recipe: Recipe, { engine, madeFrom }: Lock): LockDifference[] {
  const { id, version: range } = recipe.engine
  const recorded = madeFrom?.recipe.engine
  const isPinned = semver.satisfies(engine.version, range, { includePrerelease: true })
  return [
    ...differing('engine.id', id, engine.id, ['runtime']),
    ...differing('engine.id', id, recorded?.id ?? id, ['runtime']),
    ...(isPinned ? [] : differing('engine.version', range, engine.version, ['runtime'])),
    ...(recorded === undefined || isSameRange(range, recorded.version)
      ? []
      : differing('engine.version', range, recorded.version, [])),
  ]
}

/** Spelling is no difference: `>=0.7` and `>=0.7.0` allow the same versions. */
function isSameRange(one: string, other: string): boolean {
  return semver.validRange(one) === semver.validRange(other)
}

/** The keys that choose a runtime are compared by what they choose: a default that is written out changes nothing. */
function runtimeDifferences(recipe: Recipe, lock: Lock, request: LockRequest): LockDifference[] {
  const { madeFrom, runtime } = lock
  const { runtime: asked, hasReleases } = request
  const pinned = { type: runtime.type, base: runtime.base.reference }
  const isBase = hasReleases ? isSameLine(pinned.base, asked.base) : pinned.base === asked.base
  const isPinned = pinned.type === asked.type && isBase
  const isRecorded = madeFrom === undefined || canonicalJson(madeFrom.runtime) === canonicalJson(asked)
  if (isPinned && isRecorded) return pinnedDifferences(recipe, lock)
  const edited = choosingKeys(recipe, lock)
  if (edited.length > 0) return edited
  if (!isPinned || madeFrom === undefined)
    return [
      ...differing('engine.runtime', typeWords(asked.type), typeWords(pinned.type), ['runtime']),
      ...differing('image.base', asked.base, pinned.base, ['runtime']),
    ]
  // Nobody edited the recipe: this version of ingot asks for something else.
  return [
    {
      path: 'engine.id',
      recipe: `${canonicalJson(recipe.engine.id)}, which takes ${requestWords(asked)} now`,
      lock: requestWords(madeFrom.runtime),
      renews: ['runtime'],
    },
  ]
}

/** What the lock pins, against what it says that it was asked for. */
function pinnedDifferences(recipe: Recipe, { runtime, madeFrom }: Lock): LockDifference[] {
  const renews = ['runtime'] as const
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(runtime.base.reference)?.[1] ?? runtime.base.digest
  const lost = runtime.type === 'debian' ? lostPackages(runtime, madeFrom?.runtime.packages ?? []) : []
  return [
    ...differing('image.base', digest, runtime.base.digest, renews),
    ...(lost.length === 0
      ? []
      : [
          {
            path: 'engine.id',
            recipe: `${canonicalJson(recipe.engine.id)}, which takes ${lost.join(', ')}`,
            lock: 'no package of that name',
            renews,
          },
        ]),
  ]
}

function lostPackages({ packages, present = [] }: DebianLock, asked: readonly string[]): string[] {
  const have = new Set([...packages.map(({ name }) => name), ...present])
  return asked.filter((name) => !have.has(name))
}

/** Edited keys out of those that choose the runtime. */
function choosingKeys(recipe: Recipe, { madeFrom, ...lock }: Lock): LockDifference[] {
  if (madeFrom === undefined) return []
  const { engine, serving, image, target } = recipe
  const { recipe: before } = madeFrom
  const renews = ['runtime'] as const
  return [
    ...differing('engine.runtime', engine.runtime, before.engine.runtime, renews),
    ...differing('engine.device', engine.device, before.engine.device, renews),
    ...differing('image.packages', addedPackages(image), before.image.packages, renews),
    ...differing('image.command', image.command !== undefined, before.image.command === true, renews),
    ...differing('image.compileCache', !!image.compileCache, !!before.image.compileCache, renews),
    ...differing('serving.nodes', serving.nodes > 1, before.hasNodes === true, renews),
    ...differing('target.gpu', target.gpu, before.target.gpu, renews),
    ...differing('target.driver', target.driver, before.target.driver, renews),
    ...differing('image.base', image.base, before.image.base, renews),
    ...(isSameRange(engine.version, before.engine.version)
      ? []
      : differing('engine.version', engine.version, before.engine.version, renews)),
    ...differing('engine.id', engine.id, lock.engine.id, renews),
  ]
}

function typeWords(type: RuntimeRequest['type']): string {
  return type === 'upstream' ? 'upstream' : `packages (${type})`
}

function requestWords(request: RuntimeRequest): string {
  const { base, packages = [], distribution, overrides = [], requirements = [] } = request
  const wheels = [...(distribution === undefined ? [] : [distribution]), ...requirements]
  const added = [...packages, ...wheels, ...overrides]
  return added.length === 0 ? base : `${base} with ${added.join(', ')}`
}

function platformDifferences({ image: { platform } }: Recipe, lock: Lock): LockDifference[] {
  const renews = ['runtime', 'modelcar'] as const
  const recorded = lock.madeFrom?.recipe.image.platform
  const foreign = architecturesOf(lock).find((name) => `linux/${name}` !== platform)
  return [
    ...differing('image.platform', platform, recorded ?? platform, renews),
    ...differing('image.platform', platform, foreign === undefined ? platform : `linux/${foreign}`, renews),
    ...(recorded === undefined && isSilent(lock) && platform !== usualPlatform
      ? [{ path: 'image.platform', recipe: shown(platform), lock: 'it does not say', renews }]
      : []),
  ]
}

const usualPlatform = 'linux/amd64'

function architecturesOf({ runtime, modelcar }: Lock): string[] {
  const packages = [...(runtime.type === 'upstream' ? [] : runtime.packages), ...(modelcar?.packages ?? [])]
  return packages.map(({ architecture }) => architecture).filter((name) => name !== 'all')
}

/** The digest of an official image is often that of all its platforms. */
function isSilent(lock: Lock): boolean {
  return lock.runtime.type === 'upstream' && architecturesOf(lock).length === 0
}

/** Mounted weights have no parts, so any lock suits them. */
function splitDifferences(recipe: Recipe, lock: Lock, request: LockRequest): LockDifference[] {
  const limit = request.maxLayerBytes
  if (!request.usesParts || !hasOtherParts(lock, limit)) return []
  const { madeFrom } = lock
  const renews = ['parts'] as const
  const edited = [
    ...differing('image.registry', recipe.image.registry, madeFrom?.recipe.image.registry, renews),
    ...(madeFrom === undefined
      ? []
      : differing('weights.delivery', recipe.weights.delivery, madeFrom.recipe.weights.delivery, renews)),
  ]
  if (madeFrom !== undefined && edited.length > 0) return edited
  const words = (bytes: number | undefined) =>
    bytes === undefined ? 'whole files' : `layers of ${bytes} bytes`
  const found = madeFrom === undefined ? partLimitsOf(lock)[0] : madeFrom.maxLayerBytes
  const lockWords = words(found)
  return [
    {
      path: 'image.registry',
      recipe: `${shown(recipe.image.registry)}: ${words(limit)}`,
      lock: lockWords,
      renews,
    },
  ]
}

function hasOtherParts(lock: Lock, limit: number | undefined): boolean {
  if (lock.madeFrom !== undefined && lock.madeFrom.maxLayerBytes !== limit) return true
  if (partLimitsOf(lock).some((found) => found !== limit)) return true
  return (
    lock.madeFrom === undefined &&
    limit !== undefined &&
    lock.weights.files.some((file) => isUnsplit(file, limit))
  )
}

/** Limits that split files were made for. */
function partLimitsOf({ weights }: Lock): number[] {
  return weights.files.flatMap(({ split }) =>
    split === undefined ? [] : [split.maxPartBytes + partOverheadBytes],
  )
}

function isUnsplit({ path, sizeBytes, split }: Lock['weights']['files'][number], limit: number): boolean {
  return split === undefined && sizeBytes > limit - partOverheadBytes && /\.(gguf|safetensors)$/.test(path)
}

function modelcarDifferences(recipe: Recipe, { modelcar }: Lock, request: LockRequest): LockDifference[] {
  const renews = ['modelcar'] as const
  const asked = recipe.weights.modelcar
  if (!asked || modelcar === undefined)
    return differing('weights.modelcar', asked, modelcar !== undefined, renews)
  const { base = '' } = request.modelcar ?? {}
  const pinned = modelcar.base.reference
  if (base === pinned) return []
  return [{ path: 'weights.modelcar', recipe: `true, on ${base} now`, lock: pinned, renews }]
}
