import type { CheckResult } from '../../images/boot/check-result.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { BootedServer } from '../boot/runner.ts'
import type { AskOptions } from './ask.ts'
import type { VerifyLimits } from './limits.ts'

/** One running server and everything that a stage of its verification needs. */
export interface Trial extends AskOptions {
  server: BootedServer
  plan: Pick<ImagePlan, 'model' | 'port' | 'verify'>
  limits: VerifyLimits
  key: string | null
}

/** A trial whose server is ready, and when its questions must be over. */
export interface ReadyTrial extends Trial {
  deadlineMs: number
}

/** Characters of a line that is quoted. */
const longestLine = 300

/** Words for a server that has ended or whose log proves a failed start; null while nothing speaks against it. */
export async function signOfDeath({ server, plan }: Trial): Promise<string | null> {
  const exitCode = await server.exitCode()
  const lines = (await server.log()).split('\n')
  const { failureLines } = plan.verify.behaviour
  const line = lines.find((one) => failureLines.some((text) => one.includes(text)))?.trim()
  const said = line === undefined ? null : `the log says "${line.slice(0, longestLine)}"`
  if (exitCode === null) return said
  return `the server ended with exit code ${exitCode}${said === null ? '' : `: ${said}`}`
}

/** Why no further question makes sense; null while it does. */
export async function reasonToEnd(trial: ReadyTrial): Promise<string | null> {
  trial.signal?.throwIfAborted()
  if (trial.clock.now() > trial.deadlineMs)
    return `all questions together took more than ${trial.limits.askSeconds} s`
  const exitCode = await trial.server.exitCode()
  return exitCode === null ? null : `the server ended with exit code ${exitCode}`
}

/** Time for one question of at most so many seconds. */
export function timeLeftMs({ clock, deadlineMs }: ReadyTrial, seconds: number): number {
  return Math.max(100, Math.min(seconds * 1000, deadlineMs - clock.now()))
}

export type NamedCheck = Pick<CheckResult, 'id' | 'group' | 'title' | 'expected'>

/** A check that this program makes itself, beside the probes of the engine. */
export function madeCheck(
  named: NamedCheck,
  result: { good: boolean; observed: string; evidence?: string; beganMs: number; endedMs: number },
): CheckResult {
  return {
    ...named,
    required: true,
    status: result.good ? 'passed' : 'failed',
    observed: result.observed,
    beganMs: result.beganMs,
    durationMs: tenths(result.endedMs - result.beganMs),
    evidence: (result.evidence ?? '').slice(0, 1000),
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}

/** The result of such a check that could not be made. */
export function skippedCheck(named: NamedCheck, reason: string, beganMs: number): CheckResult {
  return {
    ...named,
    required: true,
    status: 'skipped',
    observed: `not asked: ${reason}`,
    beganMs,
    durationMs: 0,
    evidence: '',
  }
}
