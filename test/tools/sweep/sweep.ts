import {
  type DerivedLength,
  isCounted,
  type SweepRow,
  sglangVersion,
  sweepClasses,
  vllmVersion,
  withinWeights,
} from './classes.ts'

/** The result as docs/memory.md tells it. */
export function summaryOf(rows: readonly SweepRow[]): string[] {
  const classes = rows.filter(({ variant }) => variant === null)
  const untold = classes.flatMap(({ name, plan }) =>
    plan.outcome === 'planned' ? [] : [`${name}: ${plan.verdict}`],
  )
  const doubted = classes.filter(({ plan }) => plan.outcome === 'planned' && !plan.certain)
  const named = classes.filter(({ tied }) => tied.byClass !== undefined)
  const untied = named.filter(({ tied }) => tied.byClass !== tied.withoutKey)
  return [
    `${classes.length} classes: ${classes.length - untold.length} planned, ${doubted.length} of them with a doubt`,
    ...untold.map((line) => `  ${line}`),
    ...lengthLines(`vLLM ${vllmVersion}`, rows, ({ length }) => length),
    ...lengthLines(`SGLang ${sglangVersion}`, rows, ({ sglangLength }) => sglangLength),
    `${named.length} ties by class: ${named.length - untied.length} agree`,
    ...untied.map(({ name, tied }) => `  ${name}: ${tied.byClass}, here ${tied.withoutKey}`),
    ...weightLines(classes),
    ...cacheLines(classes),
  ]
}

function lengthLines(
  engine: string,
  rows: readonly SweepRow[],
  of: (row: SweepRow) => DerivedLength,
): string[] {
  const derived = rows.filter((row) => of(row).engine !== null)
  const other = derived.filter((row) => of(row).engine !== of(row).planned)
  return [
    `${derived.length} lengths by ${engine}: ${derived.length - other.length} agree`,
    ...other.map((row) => {
      const name = row.variant === null ? row.name : `${row.name} ${row.variant}`
      return `  ${name}: ${of(row).engine}, here ${of(row).planned}`
    }),
  ]
}

function weightLines(classes: readonly SweepRow[]): string[] {
  const made = classes.filter(({ weights }) => weights.byClass !== null)
  const other = made.filter(({ weights }) => !isCounted(weights))
  const sure = other.filter(({ weights }) => weights.certain)
  return [
    `${made.length} parameter counts by class: ${made.length - other.length} within ${withinWeights * 100} %, ${sure.length} of the others certain`,
    ...sure.map(({ name, weights }) => `  ${name}: ${weights.byClass}, here ${weights.counted}`),
  ]
}

/** Classes whose keys and values are others than those of the planned layers, without what is not planned. */
export function otherCaches(classes: readonly SweepRow[]): SweepRow[] {
  return classes.filter(
    ({ plan, cache }) =>
      plan.outcome === 'planned' && cache.byClass !== null && cache.byClass !== cache.planned,
  )
}

function cacheLines(classes: readonly SweepRow[]): string[] {
  const made = classes.filter(({ plan, cache }) => plan.outcome === 'planned' && cache.byClass !== null)
  const other = otherCaches(classes)
  return [
    `${made.length} widths of keys and values by class: ${made.length - other.length} agree`,
    ...other.map(({ name, cache }) => `  ${name}: ${cache.byClass}, here ${cache.planned}`),
  ]
}

if (import.meta.main) process.stdout.write(`${summaryOf(await sweepClasses()).join('\n')}\n`)
