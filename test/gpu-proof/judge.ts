/** What `checks.py` writes of one run. Times are seconds, sizes bytes. */
export interface ProofRun {
  torch: string
  importSeconds: number
  firstSeconds: number
  firstError: string | null
  seconds: number
  residentBytes: number
  deviceAtStart: DeviceMemory | null
  deviceAtEnd: DeviceMemory | null
  libraries: string[]
  checks: ProofCheck[]
}

interface DeviceMemory {
  usedBytes: number
  totalBytes: number
  peakBytes: number
}

/** One computation: a digest of the bits that came out, or why none did. */
export interface ProofCheck {
  name: string
  seconds: number
  digest?: string
  error?: string
}

/** Machine code that the driver made of PTX in one run: files of its cache by name, with their bytes. */
export type ComputeCache = Readonly<Record<string, number>>

/** Runs of the same checks: twice with the stock libraries, once slimmed, once with code for no card. */
export interface ProofRuns {
  stock: ProofRun
  again: ProofRun
  slim: ProofRun
  /** Null where there is no card: nothing would be told by it. */
  control: ProofRun | null
}

/**
 * `equal`: the same bits; `different`; `lost`: it failed only when slimmed; `same-failure`: stock fails as well, with the same words;
 * `not-repeatable`: two runs of stock differ, so bits say nothing, and the slimmed one gave an answer.
 */
export type ProofVerdict = 'equal' | 'different' | 'lost' | 'same-failure' | 'not-repeatable'

export interface JudgedCheck {
  name: string
  verdict: ProofVerdict
  seconds: { stock: number; slim: number }
  found?: string
}

/** Compares the runs check by check, in the order of the stock run. A check that the slimmed run lacks is lost. */
export function judgeChecks({ stock, again, slim }: ProofRuns): JudgedCheck[] {
  return stock.checks.map((known) => {
    const second = again.checks.find(({ name }) => name === known.name)
    const seen = slim.checks.find(({ name }) => name === known.name)
    const seconds = { stock: known.seconds, slim: seen?.seconds ?? 0 }
    return { name: known.name, seconds, ...verdictOf(known, second, seen) }
  })
}

function verdictOf(
  known: ProofCheck,
  second: ProofCheck | undefined,
  seen: ProofCheck | undefined,
): Pick<JudgedCheck, 'verdict' | 'found'> {
  const found = seen?.error ?? (seen === undefined ? 'it was not reached' : undefined)
  const words = found === undefined ? {} : { found }
  if (known.error !== undefined && seen?.error === known.error) return { verdict: 'same-failure', ...words }
  if (found !== undefined) return { verdict: 'lost', ...words }
  if (known.digest === undefined || known.digest !== second?.digest) return { verdict: 'not-repeatable' }
  return { verdict: seen?.digest === known.digest ? 'equal' : 'different' }
}

/** Names of what the driver compiled for the slimmed run and for none of the stock ones; sizes excuse another name once. */
export function compiledAnew(stock: readonly ComputeCache[], slim: ComputeCache): string[] {
  const names = new Set(stock.flatMap((cache) => Object.keys(cache)))
  const sizes = stock.flatMap((cache) => Object.values(cache))
  return Object.entries(slim).flatMap(([name, sizeBytes]) => {
    if (names.has(name)) return []
    const at = sizes.indexOf(sizeBytes)
    if (at < 0) return [name]
    sizes.splice(at, 1)
    return []
  })
}

/** Libraries that were mapped from a place where the run should have taken none. */
export function strayLibraries(run: ProofRun, stockFolders: readonly string[]): string[] {
  return run.libraries.filter((path) => stockFolders.some((folder) => path.startsWith(`${folder}/`)))
}

/** How many checks the control lost that stock computes; without a loss the checks do not run what was slimmed. */
export function lostByControl({ stock, control }: ProofRuns): number {
  const computed = new Set(stock.checks.filter(({ digest }) => digest !== undefined).map(({ name }) => name))
  const kept = new Set(
    (control?.checks ?? []).flatMap(({ name, digest }) => (digest === undefined ? [] : [name])),
  )
  return [...computed].filter((name) => !kept.has(name)).length
}
