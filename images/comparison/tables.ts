import { formatBytes } from '../../lib/bytes.ts'
import type { StateComparison } from './comparison.ts'
import type { Item, ItemChange, LockComparison } from './locks.ts'
import type { CauseChange, PlanComparison, WordChange } from './plans.ts'
import type { LayerChange, ReportComparison } from './reports.ts'

/** One table of a comparison: a title, three or four columns, and what was left out of the end. */
export interface ComparisonTable {
  title: string
  columns: readonly string[]
  rows: string[][]
  /** A sentence below the rows. */
  note?: string
}

/** Rows of one table; an update of an archive changes some hundred packages. */
const mostRows = 40

/** The tables of a comparison that have rows, in the order in which a person asks: what, how much, does it fit, does it start. */
export function comparisonTables({ lock, plan, report, refused }: StateComparison): ComparisonTable[] {
  const tables = [
    ...(lock === undefined ? [] : lockTables(lock)),
    ...(plan === undefined ? [] : planTables(plan)),
    ...(refused === undefined
      ? []
      : [{ title: 'the recipe refuses this lock', columns: ['reason'], rows: refusedRows(refused) }]),
    ...(report === undefined ? [] : reportTables(report)),
  ]
  return tables.filter(({ rows }) => rows.length > 0).map(cut)
}

function refusedRows(refused: string): string[][] {
  return refused.split('\n').map((line) => [line.trim()])
}

function cut(table: ComparisonTable): ComparisonTable {
  const { rows, note } = table
  if (rows.length <= mostRows) return table
  const left = `${rows.length - mostRows} more are in --json`
  return { ...table, rows: rows.slice(0, mostRows), note: note === undefined ? left : `${note}; ${left}` }
}

const changeColumns = ['', 'before', 'after']

function lockTables({ pins, items }: LockComparison): ComparisonTable[] {
  const titles = { package: 'packages', distribution: 'Python distributions', file: 'files' }
  return [
    { title: 'pins', columns: changeColumns, rows: pins.map(wordRow) },
    ...(['package', 'distribution', 'file'] as const).map((kind) => {
      const changes = items.filter((item) => item.kind === kind)
      return {
        title: titles[kind],
        columns: [...changeColumns, 'download'],
        rows: changes.map(itemRow),
        note: itemsNote(changes),
      }
    }),
  ]
}

function itemsNote(changes: readonly ItemChange[]): string {
  const bytes = changes.reduce((sum, { after }) => sum + (after?.sizeBytes ?? 0), 0)
  const grown = bytes - changes.reduce((sum, { before }) => sum + (before?.sizeBytes ?? 0), 0)
  return `${changes.length} changed, ${formatBytes(bytes)} to download, ${signed(grown)} in all`
}

function itemRow({ name, before, after }: ItemChange): string[] {
  const words = (item: Item | undefined) => item?.version ?? 'none'
  return [name, words(before), words(after), signed((after?.sizeBytes ?? 0) - (before?.sizeBytes ?? 0))]
}

function planTables({ causes, memory, settings, doubts }: PlanComparison): ComparisonTable[] {
  return [
    {
      title: 'bytes by cause, as they are downloaded',
      columns: [...changeColumns, 'change'],
      rows: causes.map(causeRow),
    },
    { title: 'memory as planned', columns: changeColumns, rows: memory.map(wordRow) },
    { title: 'command line and environment', columns: changeColumns, rows: settings.map(wordRow) },
    { title: 'warnings that are new', columns: ['warning'], rows: doubts.map((doubt) => [doubt]) },
  ]
}

function reportTables({ facts, causes, checks, layers, sharedBytes }: ReportComparison): ComparisonTable[] {
  return [
    { title: 'image', columns: changeColumns, rows: facts.map(wordRow) },
    {
      title: 'bytes by cause, unpacked',
      columns: [...changeColumns, 'change'],
      rows: causes.map(causeRow),
    },
    { title: 'checks', columns: changeColumns, rows: checks.map(wordRow) },
    {
      title: 'layers',
      columns: ['', 'only in', 'digest', 'stored'],
      rows: layers.map(layerRow),
      note: `${formatBytes(sharedBytes)} in layers that both have`,
    },
  ]
}

function layerRow({ cause, digest, sizeBytes, in: side }: LayerChange): string[] {
  return [cause, side, digest.slice(0, 19), formatBytes(sizeBytes)]
}

function wordRow({ what, before, after }: Pick<WordChange, 'what' | 'before' | 'after'>): string[] {
  return [what, before, after]
}

function causeRow({ cause, beforeBytes, afterBytes }: CauseChange): string[] {
  return [cause, formatBytes(beforeBytes), formatBytes(afterBytes), signed(afterBytes - beforeBytes)]
}

function signed(bytes: number): string {
  if (bytes === 0) return '0 B'
  return `${bytes < 0 ? '-' : '+'}${formatBytes(Math.abs(bytes))}`
}
