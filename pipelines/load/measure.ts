import { setTimeout as sleep } from 'node:timers/promises'
import { figuresOf } from '../../images/load/figures.ts'
import {
  type MachineNoise,
  noiseOf,
  type ProcessorShares,
  type ProcessorTimes,
  parseProcessorName,
  parseProcessorTimes,
  sharesBetween,
} from '../../images/load/noise.ts'
import {
  assumedRate,
  type LoadQuestion,
  loadPrompt,
  questionsOf,
  type TokenRate,
  tokenRateOf,
} from '../../images/load/questions.ts'
import { arrivalTimes } from '../../images/load/random.ts'
import type { RealPrompt } from '../../images/load/real-prompts.ts'
import { type LoadPattern, type LoadStep, patternWords } from '../../images/load/step.ts'
import { optional } from '../../lib/optional.ts'
import { lastLines } from '../../lib/text.ts'
import type { RecipeLoad } from '../../recipes/load.ts'
import type { BootedServer } from '../boot/runner.ts'
import { StageError } from '../error.ts'
import { askByTimes, askByUsers, type StepRun } from './drive.ts'
import { type LoadTarget, sendQuestion } from './send.ts'
import { type EnginePage, whileWatched } from './watch-engine.ts'

/** What was measured of one server. */
export interface LoadMeasurement {
  steps: LoadStep[]
  tokenRate: TokenRate
  noise: MachineNoise
  processor: string | null
}

export interface MeasureContext {
  server: Pick<BootedServer, 'processors' | 'exitCode' | 'log'>
  target: LoadTarget
  /** In place of drawn words; empty without a file of them. */
  prompts?: readonly RealPrompt[]
  /** The engine's own page, where it has one. */
  page: EnginePage | null
  onStep(text: string): void
  /** How long the machine is watched before each step. */
  idleMs?: number
}

/** Others that use a processor for a moment are seen in a second, and a run gets no longer by it. */
const usualIdleMs = 1000

/** Every step of the load, one after the other, and the first once more. Throws `not-verified` when the server ends under it. */
export async function measureLoad(load: RecipeLoad, context: MeasureContext): Promise<LoadMeasurement> {
  const { server, target, onStep } = context
  const tokenRate = await countTokens(target)
  const steps: LoadStep[] = []
  const idle: (ProcessorShares | null)[] = []
  const during: (ProcessorShares | null)[] = []
  for (const [number, { pattern, isRepeat }] of patternsOf(load).entries()) {
    idle.push(await idleShares(context))
    onStep(`${load.requests} requests, ${patternWords(pattern)}${isRepeat ? ', again' : ''}`)
    const before = await timesOf(server)
    const { result, use } = await whileWatched(target, context.page, () =>
      runStep(pattern, questionsOf(load, tokenRate, number, context.prompts), { target, number }),
    )
    const { requests, durationMs } = result
    during.push(sharesBetween(before, await timesOf(server)))
    const figures = figuresOf(requests, durationMs, load.objectives)
    steps.push({ pattern, isRepeat, durationMs, figures, requests, ...optional('engine', use ?? undefined) })
    await requireAlive(server, steps)
  }
  return {
    steps,
    tokenRate,
    noise: noiseOf(steps, idle, during),
    processor: parseProcessorName(await server.processors()),
  }
}

/** The machine alone, where no load is wanted. */
export async function measureNothing(server: Pick<BootedServer, 'processors'>): Promise<LoadMeasurement> {
  const processor = parseProcessorName(await server.processors())
  return { steps: [], tokenRate: assumedRate, noise: noiseOf([], [], []), processor }
}

async function requireAlive(server: MeasureContext['server'], steps: readonly LoadStep[]): Promise<void> {
  const exitCode = await server.exitCode()
  const last = steps.at(-1)
  if (exitCode === null || last === undefined) return
  const log = lastLines(await server.log(), 20).replaceAll('\n', '\n    ')
  throw new StageError('not-verified', {
    attempted: `measure ${patternWords(last.pattern)}`,
    found: `the server ended with exit code ${exitCode}, ${Math.round(last.figures.errors * last.figures.requests)} of ${last.figures.requests} requests were not answered; the end of its log:\n    ${log}`,
    hint: 'give it more memory, or fewer users in verify.load.concurrency',
  })
}

function patternsOf({ concurrency, rates }: RecipeLoad): { pattern: LoadPattern; isRepeat: boolean }[] {
  const patterns: LoadPattern[] = [
    ...concurrency.map((users) => ({ type: 'users', users }) as const),
    ...rates.map((perSecond) => ({ type: 'rate', perSecond }) as const),
  ]
  return [
    ...patterns.map((pattern) => ({ pattern, isRepeat: false })),
    ...patterns.slice(0, 1).map((pattern) => ({ pattern, isRepeat: true })),
  ]
}

async function runStep(
  pattern: LoadPattern,
  questions: readonly LoadQuestion[],
  { target, number }: { target: LoadTarget; number: number },
): Promise<StepRun> {
  return pattern.type === 'users'
    ? askByUsers(target, questions, pattern.users)
    : askByTimes(target, questions, arrivalTimes(questions.length, pattern.perSecond, number))
}

/** Two texts of known length; they warm the server as well, and stand in no figure. */
async function countTokens(target: LoadTarget): Promise<TokenRate> {
  const count = async (words: number) => {
    const question = { prompt: loadPrompt(words, words), outputTokens: 2 }
    const now = target.clock.now()
    const { inputTokens } = await sendQuestion(target, question, { dueMs: now, beganMs: now })
    return { words, tokens: inputTokens }
  }
  return tokenRateOf(await count(16), await count(80))
}

async function idleShares({ server, target, idleMs = usualIdleMs }: MeasureContext) {
  const before = await timesOf(server)
  await sleep(idleMs, undefined, { signal: target.signal })
  return sharesBetween(before, await timesOf(server))
}

async function timesOf(server: Pick<BootedServer, 'processors'>): Promise<ProcessorTimes | null> {
  return parseProcessorTimes(await server.processors())
}
