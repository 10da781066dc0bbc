import {
  type ComputeCache,
  compiledAnew,
  judgeChecks,
  lostByControl,
  type ProofRun,
  type ProofRuns,
  strayLibraries,
} from './judge.ts'
import type { ProofLibrary, ProofMachine, ProofPart } from './report.ts'

/** Everything that was read; a run that wrote nothing is null, one that was not made is absent. */
export interface ProofEvidence {
  machine: Pick<ProofMachine, 'card'>
  runs: Partial<Record<keyof ProofRuns, ProofRun | null>>
  eager: { stock: ProofRun | null; slim: ProofRun | null }
  libraries: readonly ProofLibrary[]
  caches: Readonly<Record<string, ComputeCache>>
  stockFolders: readonly string[]
}

/** What must hold, part by part. Without a card all that would have to run on one is `not-run`. */
export function partsOf(evidence: ProofEvidence): ProofPart[] {
  const { machine, runs, libraries } = evidence
  const { stock, again, slim, control } = runs
  const read = [codePart(libraries), nvidiaPart(libraries)]
  if (!stock || !again || !slim)
    return [part('runs', false, `${slim ? 'a stock run' : 'the slimmed run'} wrote no results`), ...read]
  const whole: ProofRuns = { stock, again, slim, control: control ?? null }
  return [
    answersPart(whole, machine.card !== null),
    placePart(slim, evidence.stockFolders),
    ...read,
    ...(machine.card === null ? noCard() : onCard(whole, evidence)),
  ]
}

function part(id: string, good: boolean, found: string): ProofPart {
  return { id, status: good ? 'passed' : 'failed', found }
}

function answersPart(runs: ProofRuns, hasCard: boolean): ProofPart {
  const checks = judgeChecks(runs)
  const count = (verdict: string) => checks.filter((check) => check.verdict === verdict).length
  const where = hasCard ? 'on the card' : 'on the CPU'
  const found = `${count('equal')} of ${checks.length} computations equal bit by bit ${where}, ${count('different')} different, ${count('lost')} lost, ${count('not-repeatable')} not repeatable by stock itself, ${count('same-failure')} made by neither`
  return part('answers', count('different') + count('lost') === 0 && count('equal') > 0, found)
}

function placePart(slim: ProofRun, folders: readonly string[]): ProofPart {
  const stray = strayLibraries(slim, folders)
  return part(
    'libraries in use',
    stray.length === 0 && slim.libraries.length > 0,
    stray.length === 0
      ? `none of ${slim.libraries.length} mapped libraries is stock's`
      : `mapped from stock: ${stray.join(', ')}`,
  )
}

function codePart(libraries: readonly ProofLibrary[]): ProofPart {
  const sum = (of: (one: ProofLibrary) => number) => libraries.reduce((total, one) => total + of(one), 0)
  const unusable = sum(({ unusableBytes }) => unusableBytes)
  const [before, after] = [sum(({ beforeBytes }) => beforeBytes), sum(({ afterBytes }) => afterBytes)]
  return part(
    'code',
    unusable === 0 && after < before,
    `${libraries.length} libraries, ${before} bytes before and ${after} after; a second reader finds ${unusable} bytes for other cards`,
  )
}

function nvidiaPart(libraries: readonly ProofLibrary[]): ProofPart {
  const asked = libraries.filter(({ asNvidiaSays }) => asNvidiaSays !== null)
  const others = asked.filter(({ asNvidiaSays }) => asNvidiaSays === false)
  if (asked.length === 0)
    return { id: 'cuobjdump', status: 'not-run', found: 'the program is not here, or time was short' }
  const differing = others.length === 0 ? '' : `; not in ${others.map(({ path }) => path).join(', ')}`
  const found = `counts as ingot does in ${asked.length - others.length} of ${asked.length} libraries asked, of ${libraries.length}${differing}`
  return part('cuobjdump', others.length === 0, found)
}

function noCard(): ProofPart[] {
  const found = 'there is no card here: no kernel ran'
  return ['kernels', 'ptx', 'eager loading', 'control'].map((id) => ({ id, status: 'not-run', found }))
}

function onCard(runs: ProofRuns, { caches, eager }: ProofEvidence): ProofPart[] {
  const anew = compiledAnew([caches['stock'] ?? {}, caches['again'] ?? {}], caches['slim'] ?? {})
  const lost = lostByControl(runs)
  const ptx = `the driver kept ${Object.keys(caches['slim'] ?? {}).length} files for the slimmed libraries and ${Object.keys(caches['stock'] ?? {}).length} for stock; for the slimmed ones alone: ${anew.length === 0 ? 'none' : anew.join(', ')}`
  return [
    part('kernels', runs.stock.firstError === null, runs.stock.firstError ?? 'stock computes on the card'),
    part('ptx', anew.length === 0, ptx),
    part(
      'eager loading',
      eager.stock !== null && eager.slim !== null && eager.stock.firstError === eager.slim.firstError,
      `with every kernel loaded at the start stock says ${wordsOf(eager.stock)} and the slimmed libraries ${wordsOf(eager.slim)}`,
    ),
    part(
      'control',
      runs.control !== null && lost > 0,
      runs.control === null
        ? 'the run without code for this card wrote nothing, so it tells nothing'
        : `libraries without code for this card lose ${lost} computations`,
    ),
  ]
}

function wordsOf(run: ProofRun | null): string {
  return run === null ? 'nothing' : (run.firstError ?? 'that all is well')
}
