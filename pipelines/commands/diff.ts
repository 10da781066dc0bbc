import { isSame, type StateComparison } from '../../images/comparison/comparison.ts'
import { compareLocks } from '../../images/comparison/locks.ts'
import { comparePlans } from '../../images/comparison/plans.ts'
import { compareReports } from '../../images/comparison/reports.ts'
import { comparisonMarkdown, comparisonText } from '../../images/comparison/text.ts'
import { type KnownState, readState } from '../catalogue/known-state.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { closeStore, openStoreToRead } from '../store/open.ts'
import { diffTable } from './tables/diff.ts'

export const diffCommand: Command = { run }

async function run(argv: readonly string[], { settings, stdout }: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, diffTable)
  const [one = '', other = ''] = positionals
  const store = await openStoreToRead(settings.storeFolder)
  try {
    const before = await readState(one, store, settings)
    const after = await readState(other, store, settings)
    const comparison = compared(before, after)
    if (Object.keys(comparison).length === 0) throw nothingInCommon([one, before], [other, after])
    if (values.json) stdout(`${JSON.stringify(comparison, null, 2)}\n`)
    else if (isSame(comparison)) stdout('nothing differs\n')
    else stdout(values.markdown ? comparisonMarkdown(comparison) : comparisonText(comparison))
  } finally {
    await closeStore(store)
  }
  return 0
}

/** What both states know. */
function compared(before: KnownState, after: KnownState): StateComparison {
  return {
    ...(before.lock && after.lock && { lock: compareLocks(before.lock, after.lock) }),
    ...(before.plan && after.plan && { plan: comparePlans(before.plan, after.plan) }),
    ...(before.report && after.report && { report: compareReports(before.report, after.report) }),
  }
}

function nothingInCommon(...sides: [string, KnownState][]) {
  const words = sides.map(([text, state]) => {
    const kinds = (['lock', 'plan', 'report'] as const).filter((kind) => state[kind] !== undefined)
    return `${text} is a ${kinds.join(' and a ')}`
  })
  return usageError('diff', `${words.join(', ')}: nothing of one kind to compare`)
}
