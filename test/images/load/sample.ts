import { figuresOf } from '../../../images/load/figures.ts'
import { judgeLoad } from '../../../images/load/judgement.ts'
import { type LoadReport, loadReportVersion } from '../../../images/load/load-report.ts'
import type { MachineNoise } from '../../../images/load/noise.ts'
import type { LoadPattern, LoadRequest, LoadStep } from '../../../images/load/step.ts'
import { digestOf } from '../../../lib/digest.ts'
import { loadSchema, type RecipeLoad } from '../../../recipes/load.ts'
import { machine } from '../../servers/runner.ts'

/** A request of 100 tokens in and 10 out: 200 ms to the first, and `itlMs` for each further. */
export function requestOf(change: Partial<LoadRequest> = {}): LoadRequest {
  const itlMs = change.itlMs ?? 20
  const outputTokens = change.outputTokens ?? 10
  const ttftMs = change.ttftMs ?? 200
  return {
    dueMs: 0,
    lateMs: 0.1,
    ttftMs,
    itlMs,
    e2eMs: ttftMs + itlMs * (outputTokens - 1),
    longestGapMs: itlMs,
    inputTokens: 100,
    cachedTokens: null,
    outputTokens,
    outputFrom: 'usage',
    error: null,
    ...change,
  }
}

export function stepOf(
  pattern: LoadPattern,
  requests: readonly LoadRequest[],
  { isRepeat = false, objectives }: { isRepeat?: boolean; objectives?: RecipeLoad['objectives'] } = {},
): LoadStep {
  const durationMs = 1000
  const figures = figuresOf(requests, durationMs, objectives)
  return { pattern, isRepeat, durationMs, figures, requests: [...requests] }
}

/** Requests of two shapes at so many users, each token as slow as `slower` says. */
export function usersStep(users: number, slower = 1, isRepeat = false): LoadStep {
  const requests = Array.from({ length: 8 }, (_, index) =>
    requestOf({
      inputTokens: index % 2 === 0 ? 256 : 64,
      outputTokens: index % 2 === 0 ? 10 : 40,
      ttftMs: (index % 2 === 0 ? 256 : 64) * 0.5 * slower + 20 * slower,
      itlMs: 20 * slower,
    }),
  )
  return stepOf({ type: 'users', users }, requests, { isRepeat })
}

export const quiet: MachineNoise = {
  idleOthers: [0.01, 0.02],
  stolen: 0,
  spread: { ttft: 0.02, itl: 0.01, e2e: 0.015 },
  busy: [],
}

export function loadReportOf({
  steps = [usersStep(1), usersStep(2), usersStep(4, 1.5), usersStep(1, 1, true)],
  noise = quiet,
  limits = ['ttft p99 <= 800ms at 4 users', 'decode >= 60 tokens/s'],
  change = {},
}: {
  steps?: LoadStep[]
  noise?: MachineNoise
  limits?: string[]
  change?: Partial<LoadReport>
} = {}): LoadReport {
  return {
    loadReportVersion,
    name: 'tiny',
    image: digestOf('image'),
    plan: digestOf('plan'),
    engine: { id: 'llama-cpp', version: '0.7.0' },
    model: 'tiny-model',
    machine,
    processor: 'A <fast> processor',
    gpus: 0,
    createdAt: '2026-01-02T03:04:05.678Z',
    load: loadSchema.parse({ limits }),
    tokenRate: { perWord: 1, around: 30, from: 'usage' },
    steps,
    noise,
    judgement: judgeLoad(steps, limits, noise.busy),
    ...change,
  }
}
