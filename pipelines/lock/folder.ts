import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { engineOf } from '../../images/engines/engines.ts'
import { RecipeError } from '../../recipes/error.ts'
import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import { nameOfPart } from '../../recipes/parts.ts'
import { weightsAtSource } from '../../recipes/quantization.ts'
import { isWanted, pickFiles } from '../../recipes/weight-selection.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import type { Progress } from '../process/progress.ts'
import type { Store } from '../store/store.ts'
import { isWrongContent } from '../weights/error.ts'
import { listFolder } from '../weights/folder-list.ts'
import { type HashSelection, hashFolder } from './folder-hashes.ts'
import type { LockedRecipe } from './locked-recipe.ts'

export interface FolderContext {
  signal: AbortSignal
  /** With a store, bytes are compared as well as names and sizes. */
  store?: Store
  progress?: Progress
}

/**
 * Compares the folder of a recipe with its lock, by name and size, and by hash those files of which the store has the locked
 * bytes: the build reads, and so checks, the others itself. Throws `lock-mismatch` with every file. A folder that is not here
 * is nothing to compare.
 */
export async function requireSameFolder(locked: LockedRecipe, context: FolderContext): Promise<void> {
  return requireSame(locked, context, 'stored')
}

/** Runs a build from a folder that is as locked. When the build reads other bytes, every changed file is named. */
export async function withSameFolder<Result>(
  locked: LockedRecipe,
  context: FolderContext,
  act: () => Promise<Result>,
): Promise<Result> {
  await requireSame(locked, context, 'stored')
  try {
    return await act()
  } catch (error) {
    if (isWrongContent(error)) await requireSame(locked, context, 'all')
    throw error
  }
}

async function requireSame(
  locked: LockedRecipe,
  context: FolderContext,
  which: HashSelection,
): Promise<void> {
  const { recipe, lock } = locked
  const sets: FolderSet[] = [
    { key: 'weights', source: recipe.weights.source, weights: weightsAtSource(lock.weights) },
  ]
  for (const [index, { role, name, weights }] of (lock.parts ?? []).entries()) {
    const source = recipe.parts.find((part) => part.role === role && nameOfPart(part) === name)?.source
    if (source !== undefined) sets.push({ key: `parts.${index}`, source, weights })
  }
  for (const set of sets) await requireSameSet(set, locked, { context, which })
}

/** Files of one source of a recipe, as its lock has them. */
interface FolderSet {
  key: string
  source: WeightsSource
  weights: LockedWeights
}

async function requireSameSet(
  { key, source, weights }: FolderSet,
  { recipe, folder, lockFile, file }: LockedRecipe,
  { context, which }: { context: FolderContext; which: HashSelection },
): Promise<void> {
  if (source.type !== 'folder') return
  const root = resolve(folder, source.path)
  const isHere = await stat(root).then(
    () => true,
    () => false,
  )
  if (!isHere) return
  const listed = (await listFolder(root, source)).files.filter(({ path }) => isWanted(path, source))
  const left = new Set(weights.skipped?.map(({ path }) => path))
  const locked = new Set(weights.files.map(({ path }) => path))
  const { taken: wanted } = pickFiles(listed, source, engineOf(recipe.engine.id).formats)
  // What the lock took or left out by contents stays so while its bytes do.
  const taken = [
    ...listed.filter(({ path }) => locked.has(path)),
    ...wanted.filter(({ path }) => !locked.has(path) && !left.has(path)),
  ]
  const changes = listChanges(weights.files, taken)
  const sizes = new Map(taken.map(({ path, sizeBytes }) => [path, sizeBytes]))
  const same = weights.files.filter(({ path, sizeBytes }) => sizes.get(path) === sizeBytes)
  changes.push(...(await byteChanges(root, same, context, which)))
  if (changes.length === 0) return
  throw new RecipeError('lock-mismatch', {
    attempted: `use the lock ${lockFile}`,
    found: `${key}.source.path: the folder ${source.path} changed since it was locked\n${linesOf(changes)}`,
    hint: `run \`ingot lock ${file}\` for what the folder holds now, or bring the locked files back`,
  })
}

function listChanges(
  locked: readonly LockedFile[],
  taken: readonly { path: string; sizeBytes: number }[],
): string[] {
  const before = new Map(locked.map((file) => [file.path, file.sizeBytes]))
  const after = new Set(taken.map(({ path }) => path))
  return [
    ...locked.filter(({ path }) => !after.has(path)).map(({ path }) => `${path} is gone`),
    ...taken.filter(({ path }) => !before.has(path)).map(({ path }) => `${path} is new`),
    ...taken.flatMap(({ path, sizeBytes }) => {
      const was = before.get(path) ?? sizeBytes
      return was === sizeBytes ? [] : [`${path} has ${sizeBytes} bytes, locked were ${was}`]
    }),
  ]
}

async function byteChanges(
  root: string,
  files: readonly LockedFile[],
  { store, signal, progress }: FolderContext,
  which: HashSelection,
): Promise<string[]> {
  if (store === undefined) return []
  const found = await hashFolder(root, files, which, { store, signal, progress })
  return files.flatMap(({ path, sha256 }) => {
    const now = found.get(path)
    return now === undefined || now === sha256 ? [] : [`${path} has other bytes: sha256 ${now}`]
  })
}

const mostLines = 20

function linesOf(changes: readonly string[]): string {
  const rest = changes.length - mostLines
  return [...changes.slice(0, mostLines), ...(rest > 0 ? [`and ${rest} more`] : [])]
    .map((line) => `    ${line}`)
    .join('\n')
}
