import { type Lock, lockDrift } from '../../recipes/lock.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { Values } from '../command-line/option-table.ts'
import { type LockState, readLockFile } from '../lock/lock-file.ts'
import { missingLock, requireSame, saveLockOf } from '../lock/locked-recipe.ts'
import { type LoadedRecipe, loadRecipe } from '../lock/recipe-files.ts'
import { namedRecipes } from '../lock/recipe-places.ts'
import { resolveLock } from '../lock/resolve.ts'
import { withEngine } from './engine.ts'
import { lockTable } from './tables/lock.ts'

export const lockCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, lockTable)
  const codes: number[] = []
  // One after the other: each asks the same archives and indexes, and a person reads what is told of each.
  for (const name of await namedRecipes(positionals)) codes.push(await lockOne(name, values, context))
  return Math.max(...codes)
}

async function lockOne(
  name: string,
  values: Values<typeof lockTable>,
  context: CommandContext,
): Promise<number> {
  const loaded = await loadRecipe(name, context.settings)
  const found = await readLockFile(loaded.lockFile)
  const resolve = (kept?: Lock) => resolved(loaded, kept, context)
  if (values.check) return check(checkable(loaded, found), await resolve(), context)
  if (found.state === 'broken')
    context.stderr(`ingot: the lock ${loaded.lockFile} is written anew: ${found.error.failure.found}\n`)
  const before = found.state === 'read' ? found.lock : undefined
  const after = await resolve(values.all ? undefined : before)
  const lines = before === undefined ? [`new lock ${loaded.lockFile}`] : changesOf(before, after)
  for (const line of lines) context.stdout(`${line}\n`)
  if (lines.length > 0) await saveLockOf(loaded, after)
  else if (values.all) context.stdout('nothing drifted\n')
  else context.stdout('nothing to renew: the lock fits its recipe; --all takes what the world has now\n')
  return 0
}

function resolved(loaded: LoadedRecipe, kept: Lock | undefined, context: CommandContext): Promise<Lock> {
  const { settings, signal, progress } = context
  const note = (text: string) => progress.step(text)
  return withEngine(context, (engine) =>
    resolveLock(loaded, { settings, signal, kept, note, engine: () => engine.client() }),
  )
}

/** The lock to compare with the world. Throws for none, a broken one, and one of another recipe. */
function checkable(loaded: LoadedRecipe, found: LockState): Lock {
  if (found.state === 'broken') throw found.error
  if (found.state === 'none')
    throw missingLock(
      loaded,
      `compare the lock of ${loaded.file} with the world`,
      `run \`ingot lock ${loaded.file}\``,
    )
  requireSame(loaded, found.lock)
  return found.lock
}

function check(before: Lock, after: Lock, { stdout }: CommandContext): number {
  const drift = pinsDrift(before, after)
  for (const line of drift) stdout(`${line}\n`)
  if (drift.length === 0) stdout('nothing drifted\n')
  return drift.length === 0 ? 0 : 1
}

/** What an older lock did not record is no drift. */
function pinsDrift({ madeFrom: _before, ...before }: Lock, { madeFrom: _after, ...after }: Lock): string[] {
  return lockDrift(before, after)
}

function changesOf(before: Lock, after: Lock): string[] {
  if (before.madeFrom !== undefined) return lockDrift(before, after)
  return [...pinsDrift(before, after), 'the lock now records what it was made from']
}
