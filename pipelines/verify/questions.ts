import type { RecordedAnswer } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { HttpProbe } from '../../images/boot/probe.ts'
import { recordAnswer, runProbe, skippedProbe } from './ask.ts'
import { madeCheck, type ReadyTrial, reasonToEnd, skippedCheck, timeLeftMs } from './trial.ts'

/** Puts all questions in order. Once the server died or time is up, the rest is skipped with that reason. */
export async function askAll(trial: ReadyTrial, probes: readonly HttpProbe[]): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  let reason = await reasonToEnd(trial)
  for (const probe of probes) {
    if (reason !== null) {
      results.push(skippedProbe(probe, reason, trial.clock))
      continue
    }
    const timeoutSeconds = timeLeftMs(trial, probe.timeoutSeconds) / 1000
    const { outcome, ...result } = await runProbe(trial.server.url, { ...probe, timeoutSeconds }, trial)
    results.push(result)
    if (outcome !== 'passed') reason = await reasonToEnd(trial)
  }
  return results
}

const answersCheck = { id: 'answers', group: 'serve', title: 'every recorded prompt is answered' }

/** Greedy answers to the prompts of the recipe, and a check that none is missing. */
export async function recordAnswers(
  trial: ReadyTrial,
): Promise<{ check: CheckResult; answers: RecordedAnswer[] }> {
  const { prompts } = trial.plan.verify
  const named = { ...answersCheck, expected: `${prompts.length} answers with tokens` }
  const beganMs = trial.clock.now()
  const reason = await reasonToEnd(trial)
  if (reason !== null) return { check: skippedCheck(named, reason, beganMs), answers: [] }
  const answers: RecordedAnswer[] = []
  const troubles: string[] = []
  for (const prompt of prompts) {
    const came = await answerTo(trial, prompt)
    if (typeof came !== 'string') answers.push(came)
    else troubles.push(`"${prompt.slice(0, 60)}": ${came}`)
  }
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
  const check = madeCheck(named, {
    good: troubles.length === 0,
    observed: [`${answers.length} answers, ${tokens} tokens`, ...troubles].join('; '),
    evidence: answers[0]?.answer ?? '',
    beganMs,
    endedMs: trial.clock.now(),
  })
  return { check, answers }
}

async function answerTo(trial: ReadyTrial, prompt: string): Promise<RecordedAnswer | string> {
  const { server, plan, limits, clock, signal, key = null } = trial
  const target = { model: plan.model, ask: plan.verify.behaviour.ask }
  const timeoutMs = timeLeftMs(trial, limits.answerSeconds)
  return recordAnswer(server.url, target, prompt, { clock, signal, key, timeoutMs })
}
