import { formatBytes } from '../../lib/bytes.ts'
import type { JudgedCheck, ProofRun, ProofVerdict } from './judge.ts'

/** What this machine has. */
export interface ProofMachine {
  torch: string
  cuda: string | null
  site: string
  python: string
  card: string | null
  capability: string | null
  memoryBytes: number | null
  driver: string | null
}

/** One library before and after, and what two readers say of it. Sizes are bytes. */
export interface ProofLibrary {
  path: string
  beforeBytes: number
  afterBytes: number
  /** Code for other cards that a second reader still finds in its memory. */
  unusableBytes: number
  /** Whether NVIDIA's cuobjdump counts the same code in the stock file; null where it was not asked. */
  asNvidiaSays: boolean | null
}

/** One thing that must hold. `not-run` is never taken for passed. */
export interface ProofPart {
  id: string
  status: 'passed' | 'failed' | 'not-run'
  found: string
}

export interface ProofReport {
  ingot: string
  machine: ProofMachine
  target: string
  verdict: 'proven' | 'failed' | 'kernels not run'
  parts: ProofPart[]
  libraries: ProofLibrary[]
  checks: JudgedCheck[]
  runs: Record<string, Omit<ProofRun, 'checks' | 'libraries'>>
  /** Files of the driver's compute cache by run. */
  caches: Record<string, Record<string, number>>
  seconds: Record<string, number>
}

/** Proven needs a card and every part; a part that failed decides first. */
export function verdictOf(machine: ProofMachine, parts: readonly ProofPart[]): ProofReport['verdict'] {
  if (parts.some(({ status }) => status === 'failed')) return 'failed'
  const whole = parts.every(({ status }) => status === 'passed')
  return machine.card !== null && whole ? 'proven' : 'kernels not run'
}

/** The report for a person, in Markdown. */
export function proofMarkdown(report: ProofReport): string {
  const { machine, target, verdict, parts, libraries, checks, runs, seconds } = report
  return [
    `# GPU code of this machine's libraries, slimmed for ${target}: ${verdict}`,
    '',
    `${machine.card ?? 'No card'}, ${machine.driver ?? 'no driver'}; torch ${machine.torch} with CUDA ${machine.cuda}, Python ${machine.python}; ingot ${report.ingot}.`,
    '',
    ...table(
      ['part', 'status', 'found'],
      parts.map(({ id, status, found }) => [id, status, found]),
    ),
    ...table(
      ['checks', 'number', 'which'],
      verdicts.map((verdict) => {
        const names = checks.filter((check) => check.verdict === verdict).map(wordsOf)
        return [verdict, String(names.length), verdict === 'equal' ? '' : names.join('; ')]
      }),
    ),
    ...table(
      ['run', 'import, s', 'first product, s', 'whole, s', 'resident', 'of the card at start', 'at the end'],
      Object.entries(runs).map(([name, run]) => [
        name,
        ...[run.importSeconds, run.firstSeconds, run.seconds].map((value) => value.toFixed(1)),
        formatBytes(run.residentBytes),
        ...[run.deviceAtStart, run.deviceAtEnd].map((memory) =>
          memory ? formatBytes(memory.usedBytes) : '-',
        ),
      ]),
    ),
    ...table(
      ['library', 'stock', 'slimmed', 'unusable left', 'cuobjdump agrees'],
      libraries.map((one) => [
        one.path,
        formatBytes(one.beforeBytes),
        formatBytes(one.afterBytes),
        String(one.unusableBytes),
        one.asNvidiaSays === null ? 'not asked' : one.asNvidiaSays ? 'yes' : 'no',
      ]),
    ),
    `Steps: ${Object.entries(seconds)
      .map(([name, value]) => `${name} ${value.toFixed(1)} s`)
      .join(', ')}.`,
    '',
  ].join('\n')
}

const verdicts: readonly ProofVerdict[] = ['equal', 'different', 'lost', 'not-repeatable', 'same-failure']

function wordsOf({ name, found }: JudgedCheck): string {
  return found === undefined ? name : `${name} (${found})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line), '']
}
