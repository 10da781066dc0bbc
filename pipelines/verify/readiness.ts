import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckResult } from '../../images/report.ts'
import { elapsedMs, runProbe } from '../ask.ts'
import { signOfDeath, type Trial } from './trial.ts'

/** Asks for a token until one comes, the server dies, its log proves a failed start, it keeps answering wrongly, or time is up. */
export async function waitUntilReady(trial: Trial): Promise<CheckResult> {
  const { readiness } = trial.plan.verify.behaviour
  const beganMs = trial.clock.now()
  const deadlineMs = beganMs + readiness.timeoutSeconds * 1000
  let wrongSinceMs: number | null = null
  for (let attemptSeconds = trial.limits.firstAttemptSeconds; ; ) {
    trial.signal?.throwIfAborted()
    const leftSeconds = Math.max(1, (deadlineMs - trial.clock.now()) / 1000)
    const probe = { ...readiness, timeoutSeconds: Math.min(leftSeconds, attemptSeconds) }
    const { outcome, ...result } = await runProbe(trial.server.url, probe, trial)
    const whole = { ...result, beganMs, durationMs: elapsedMs(trial.clock, beganMs) }
    if (outcome === 'passed') return whole
    // A refusal comes at once; only a question that got lost earns the next one more time.
    if (result.durationMs >= attemptSeconds * 900) attemptSeconds *= 2
    wrongSinceMs = outcome === 'wrong' ? (wrongSinceMs ?? trial.clock.now()) : null
    const reason = (await signOfDeath(trial)) ?? outOfPatience(trial, deadlineMs, wrongSinceMs)
    if (reason !== null) return { ...whole, observed: `${reason}; last answer: ${result.observed}` }
    await sleep(trial.limits.pollMs)
  }
}

function outOfPatience({ plan, limits, clock }: Trial, deadlineMs: number, wrongSinceMs: number | null) {
  const { timeoutSeconds } = plan.verify.behaviour.readiness
  if (clock.now() >= deadlineMs) return `not ready within ${timeoutSeconds} s`
  if (wrongSinceMs === null || clock.now() - wrongSinceMs < limits.wrongAnswerSeconds * 1000) return null
  return `it answers wrongly and did not get better in ${limits.wrongAnswerSeconds} s`
}
