import { comparisonMarkdown, comparisonText } from '../../images/comparison/text.ts'
import { PlanError } from '../../images/error.ts'
import { type UpdatablePart, updatableParts } from '../../recipes/lock-renewal.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { CommandContext } from '../command-line/command.ts'
import { tellFailure } from '../command-line/failure.ts'
import { loadLocked, saveLockOf } from '../lock/locked-recipe.ts'
import { namedRecipes } from '../lock/recipe-places.ts'
import { findUpdate, type LockUpdate } from '../lock/update.ts'
import type { Progress } from '../process/progress.ts'
import type { LazyEngine } from '../process/session.ts'
import { withEngine } from './engine.ts'
import { exitCodeOfAll, forEachRecipe, outcomesText } from './several.ts'
import type { outdatedTable, updateTable } from './tables/update.ts'

type Table = typeof outdatedTable | typeof updateTable

/** What both commands do: ask, compare and tell; only `update` writes. */
export async function runUpdates(
  argv: readonly string[],
  context: CommandContext,
  table: Table,
): Promise<number> {
  const { values, positionals } = readArguments<Table>(argv, table)
  const chosen = updatableParts.filter((part) => values[part])
  const parts = chosen.length === 0 ? updatableParts : chosen
  const files = await namedRecipes(positionals)
  const writes = table.name === 'update'
  const outcomes = await withEngine(context, (engine, explain) =>
    forEachRecipe(
      files.map((name) => ({ name })),
      { ...context, limit: values.parallel, explain },
      ({ name }, progress) => updateOf(name, { parts, writes, engine }, { ...context, progress }),
    ),
  )
  context.progress.end()
  const updates = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []))
  if (values.json) context.stdout(`${JSON.stringify(updates, null, 2)}\n`)
  else
    for (const update of updates)
      context.stdout(values.markdown ? markdownOf(update) : textOf(update, writes))
  const tell = (error: unknown) => tellFailure(error, context.settings.display)
  context.stderr(outcomesText(outcomes, ({ isOutdated }) => (isOutdated ? 'outdated' : 'up to date'), tell))
  return exitCodeOfAll(outcomes, () => true)
}

interface UpdateAct {
  parts: readonly UpdatablePart[]
  writes: boolean
  engine: LazyEngine
}

async function updateOf(
  file: string,
  { parts, writes, engine }: UpdateAct,
  { settings, signal, progress }: Pick<CommandContext, 'settings' | 'signal'> & { progress: Progress },
): Promise<LockUpdate> {
  const locked = await loadLocked(
    file,
    settings,
    writes ? `update the lock of ${file}` : `look what is newer than the lock of ${file}`,
  )
  progress.step(`ask what is newer than the lock of ${locked.recipe.name}`)
  const context = { settings, signal, engine: () => engine.client() }
  const { update, lock } = await findUpdate(locked, parts, context)
  if (!writes || !update.isOutdated) return update
  if (update.comparison.refused !== undefined) throw refusedLock(update)
  await saveLockOf(locked, lock)
  return update
}

function refusedLock({ file, comparison }: LockUpdate): PlanError {
  const engine = comparison.lock?.pins.find(({ part }) => part === 'engine')
  return new PlanError('refused', {
    attempted: `update the lock of ${file}${engine === undefined ? '' : ` from ${engine.before} to ${engine.after}`}`,
    found: comparison.refused ?? '',
    hint: 'the lock stays as it was: change what the recipe asks for, or narrow engine.version',
  })
}

function textOf(update: LockUpdate, writes: boolean): string {
  const { file, isOutdated, comparison, lockFile } = update
  const state = isOutdated ? '' : 'nothing is newer'
  const next = writes
    ? `  wrote ${lockFile}; next: ingot build ${file}\n`
    : `  next: ingot update ${file}, which writes ${lockFile}\n`
  return [
    `${update.name} (${file})${state && `: ${state}`}\n`,
    ...remarksOf(update).map((text) => `  ${text}\n`),
    ...(isOutdated ? [comparisonText(comparison), `\n${next}`] : []),
  ].join('')
}

function markdownOf(update: LockUpdate): string {
  return [
    `## ${update.name}\n\n`,
    ...remarksOf(update).map((text) => `${text}\n\n`),
    update.isOutdated ? `${comparisonMarkdown(update.comparison)}\n` : 'Nothing is newer.\n\n',
  ].join('')
}

function remarksOf({ beyond, notes }: LockUpdate): string[] {
  const outside = beyond === undefined ? [] : [`not taken: ${beyond} is outside of what the recipe asks for`]
  return [...outside, ...notes.map((text) => `not known: ${text}`)]
}
