import type { RecipeLoad } from '../../recipes/load.ts'
import type { RunnerFacts } from '../boot/runner-facts.ts'
import type { MachineNoise } from './noise.ts'
import type { PromptsFile } from './real-prompts.ts'
import { type LoadStep, patternWords } from './step.ts'

/** One figure of a step beside that of an accepted report. */
export interface ComparedFigure {
  at: string
  metric: 'ttft p50' | 'itl p50' | 'e2e p50'
  beforeMs: number
  nowMs: number
  /** Differences up to this share are noise. */
  tolerance: number
  verdict: 'same' | 'better' | 'worse'
}

export interface LoadComparison {
  /** Image of the accepted report. */
  before: string
  /** `not comparable` where machine or load differ, or one of the two machines was busy; `why` says it. */
  status: 'as before' | 'regressed' | 'not comparable'
  why: string[]
  figures: ComparedFigure[]
}

/** What two reports are compared by. */
export interface LoadRun {
  machine: RunnerFacts
  processor: string | null
  gpus: number
  load: Pick<RecipeLoad, 'shapes' | 'requests'>
  /** A file of prompts, by its content. */
  prompts?: Pick<PromptsFile, 'sha256'>
  steps: readonly LoadStep[]
  noise: MachineNoise
}

/** Medians of some tens of requests differ by a few per cent on a quiet machine as well. */
const leastTolerance = 0.05

/**
 * Names what became slower than in an accepted report, beyond twice the noise that the two runs measured of themselves, and 5 %.
 * Only runs of one load on one kind of machine are compared.
 */
export function compareLoads(now: LoadRun, before: LoadRun & { image: string }): LoadComparison {
  const why = [
    ...machineDifferences(now, before),
    ...(sameLoad(now, before) ? [] : ['the load is another one']),
    ...now.noise.busy.map((words) => `now ${words}`),
    ...before.noise.busy.map((words) => `then ${words}`),
  ]
  const figures = sameLoad(now, before) ? now.steps.flatMap((step) => comparedStep(step, now, before)) : []
  const regressed = figures.some(({ verdict }) => verdict === 'worse')
  return {
    before: before.image,
    status: why.length > 0 ? 'not comparable' : regressed ? 'regressed' : 'as before',
    why,
    figures,
  }
}

function machineDifferences(now: LoadRun, before: LoadRun): string[] {
  const wordsOf = ({ machine, processor, gpus }: LoadRun) => ({
    processors: `${machine.cpus} CPUs (${processor ?? 'unknown'})`,
    runner: machine.runner,
    gpus: `${gpus} GPUs: ${machine.gpus.map(({ name }) => name).join(', ')}`,
  })
  const [here, there] = [wordsOf(now), wordsOf(before)]
  return (['processors', 'runner', 'gpus'] as const)
    .filter((key) => here[key] !== there[key])
    .map((key) => `the machine is another one: ${here[key]} in place of ${there[key]}`)
}

function sameLoad(now: LoadRun, before: LoadRun): boolean {
  const keys = ['shapes', 'requests'] as const
  const isSame = now.prompts?.sha256 === before.prompts?.sha256
  return isSame && keys.every((key) => JSON.stringify(now.load[key]) === JSON.stringify(before.load[key]))
}

function comparedStep(step: LoadStep, now: LoadRun, before: LoadRun): ComparedFigure[] {
  const at = patternWords(step.pattern)
  const earlier = before.steps.find(({ pattern, isRepeat }) => patternWords(pattern) === at && !isRepeat)
  if (earlier === undefined || step.isRepeat) return []
  return (['ttft', 'itl', 'e2e'] as const).flatMap((metric) => {
    const [nowMs, beforeMs] = [step, earlier].map(({ figures }) => figures[`${metric}Ms`]?.p50)
    if (nowMs === undefined || beforeMs === undefined || beforeMs <= 0) return []
    const noise = Math.max(now.noise.spread[metric] ?? 0, before.noise.spread[metric] ?? 0)
    const tolerance = Math.max(leastTolerance, 2 * noise)
    const change = nowMs / beforeMs - 1
    const verdict = change > tolerance ? 'worse' : change < -tolerance ? 'better' : 'same'
    return { at, metric: `${metric} p50` as const, beforeMs, nowMs, tolerance, verdict } as const
  })
}
