import type { CommandContext } from '../command-line/command.ts'
import { describeError, exitCodeOf } from '../command-line/exit.ts'
import { StageError } from '../error.ts'
import type { Progress } from '../process/progress.ts'
import { mapLimited } from '../weights/limit.ts'

export type NamedOutcome<Value> =
  | { name: string; ok: true; value: Value }
  | { name: string; ok: false; error: unknown }

export interface SeveralOptions extends Pick<CommandContext, 'progress' | 'signal'> {
  limit: number
  /** Makes of what went wrong an error that a person can use. Default: as it is. */
  explain?: (error: unknown) => unknown
}

/**
 * Does one thing to several recipes, at most `limit` at a time, each with a progress of its own. One that fails does not
 * stop the others; an interrupt stops all. A single recipe fails as if it were alone.
 */
export async function forEachRecipe<Item extends { name: string }, Value>(
  items: readonly Item[],
  { limit, progress, signal, explain = (error) => error }: SeveralOptions,
  act: (item: Item, progress: Progress) => Promise<Value>,
): Promise<NamedOutcome<Value>[]> {
  requireDistinct(items)
  const [only] = items
  if (only && items.length === 1) return [{ name: only.name, ok: true, value: await act(only, progress) }]
  const lanes = progress.lanes(items.map(({ name }) => name))
  const outcomes = await mapLimited([...items.entries()], limit, async ([index, item]) => {
    const lane = lanes[index] ?? progress
    signal.throwIfAborted()
    const outcome = await settled(item.name, act(item, lane), explain)
    lane.step(outcome.ok ? 'done' : 'failed')
    return outcome
  })
  signal.throwIfAborted()
  progress.end()
  return outcomes
}

/** What is built of two recipes of one name would be one name in the store, and the later takes it from the earlier. */
function requireDistinct(items: readonly { name: string }[]): void {
  const names = items.map(({ name }) => name)
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
  if (twice.length === 0) return
  throw new StageError('usage', {
    attempted: `take ${items.length} recipes at once`,
    found: `more than one of them has the name ${twice.join(', ')}`,
    hint: 'the name of a recipe is that of its image: give each its own in `name`, or take them one after the other',
  })
}

async function settled<Value>(
  name: string,
  task: Promise<Value>,
  explain: (error: unknown) => unknown,
): Promise<NamedOutcome<Value>> {
  try {
    return { name, ok: true, value: await task }
  } catch (error) {
    return { name, ok: false, error: explain(error) }
  }
}

/** Every failure in full, then one line a recipe. */
export function outcomesText<Value>(
  outcomes: readonly NamedOutcome<Value>[],
  valueText: (value: Value) => string,
  tell: (error: unknown) => string = describeError,
): string {
  if (outcomes.length < 2) return ''
  const width = Math.max(...outcomes.map(({ name }) => name.length))
  const failures = outcomes.flatMap((outcome) => (outcome.ok ? [] : [tell(outcome.error)]))
  const lines = outcomes.map((outcome) => {
    const result = outcome.ok ? valueText(outcome.value) : `failed, exit code ${exitCodeOf(outcome.error)}`
    return `  ${outcome.name.padEnd(width)}  ${result}\n`
  })
  const good = outcomes.filter(({ ok }) => ok).length
  return [...failures, `ingot: ${good} of ${outcomes.length} recipes\n`, ...lines].join('')
}

/** 0 when all went well; else 1 when any failed by itself, and the first failure's code otherwise. */
export function exitCodeOfAll<Value>(
  outcomes: readonly NamedOutcome<Value>[],
  isGood: (value: Value) => boolean,
): number {
  const codes = outcomes.map((outcome) =>
    outcome.ok ? Number(!isGood(outcome.value)) : exitCodeOf(outcome.error),
  )
  return codes.includes(1) ? 1 : (codes.find((code) => code !== 0) ?? 0)
}
