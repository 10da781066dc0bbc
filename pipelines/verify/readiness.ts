import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckResult } from '../../images/boot/check-result.ts'
import { loopbackOnly, notPublished } from '../../images/boot/listeners.ts'
import { elapsedMs, type QuestionOutcome, runProbe } from './ask.ts'
import { signOfDeath, type Trial } from './trial.ts'

/**
 * Asks for a token until one comes, the server dies, its log proves a failed start, waiting cannot help, or time is up, and then
 * for its page of health, which is where others look. A failure says what was seen last.
 */
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
    if (outcome === 'passed') await untilHealthy(trial)
    const whole = { ...result, beganMs, durationMs: elapsedMs(trial.clock, beganMs) }
    if (outcome === 'passed') return whole
    // A refusal comes at once; only a question that was not answered in its time earns the next one more.
    if (result.durationMs >= attemptSeconds * 900) attemptSeconds *= 2
    wrongSinceMs = outcome === 'wrong' ? (wrongSinceMs ?? trial.clock.now()) : null
    const reason =
      (await signOfDeath(trial)) ??
      (await hopeless(trial, outcome)) ??
      (await outOfPatience(trial, outcome, deadlineMs, wrongSinceMs))
    if (reason !== null) return { ...whole, observed: `${reason}; last answer: ${result.observed}` }
    await sleep(trial.limits.pollMs)
  }
}

/**
 * A server may answer while it still warms up: SGLang 0.5.23 says 503 at /health until a request of its own was answered, and
 * nobody who asks there first sends it anything. Where it gets no better, its own check says so.
 */
async function untilHealthy(trial: Trial): Promise<void> {
  const health = trial.plan.verify.behaviour.probes.find(({ id }) => id === 'health')
  const deadlineMs = trial.clock.now() + trial.limits.wrongAnswerSeconds * 1000
  while (health !== undefined && trial.clock.now() < deadlineMs) {
    trial.signal?.throwIfAborted()
    const { outcome } = await runProbe(trial.server.url, health, trial)
    if (outcome !== 'refused') return
    await sleep(trial.limits.pollMs)
  }
}

/** What no waiting mends, though the server runs. */
async function hopeless({ server, plan, key }: Trial, outcome: QuestionOutcome): Promise<string | null> {
  if (outcome === 'forbidden')
    return key === null
      ? 'it wants a key or a login, and verification has none'
      : `it refuses the key that it was given in ${plan.verify.apiKey?.variable}`
  return outcome === 'unreached' ? loopbackOnly(await server.listeners(), plan.port) : null
}

async function outOfPatience(
  { plan, limits, clock, server }: Trial,
  outcome: QuestionOutcome,
  deadlineMs: number,
  wrongSinceMs: number | null,
): Promise<string | null> {
  if (clock.now() >= deadlineMs) {
    const late = `not ready within ${plan.verify.behaviour.readiness.timeoutSeconds} s`
    const elsewhere = outcome === 'unreached' ? notPublished(await server.listeners(), plan.port) : null
    return elsewhere === null ? late : `${late}; ${elsewhere}`
  }
  if (wrongSinceMs === null || clock.now() - wrongSinceMs < limits.wrongAnswerSeconds * 1000) return null
  return `it answers wrongly and did not get better in ${limits.wrongAnswerSeconds} s`
}
