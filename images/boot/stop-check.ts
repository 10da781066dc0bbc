import type { CheckResult } from './check-result.ts'
import type { StopOccasion, StopRules } from './probe.ts'

/** How a server ended that was told to. */
export interface StopObservation {
  /** Null when it was still there after its grace, and was killed. */
  exitCode: number | null
  waitedMs: number
}

interface Occasion {
  id: string
  /** Stands after the signal and `ends it`. */
  when: string
}

const occasions: Readonly<Record<StopOccasion, Occasion>> = {
  idle: { id: 'graceful-stop', when: '' },
  loading: { id: 'stop-loading', when: ' while the model loads' },
  streaming: { id: 'stop-streaming', when: ' while it streams an answer' },
  plain: { id: 'stop-plain', when: ' while it works on an answer that is not streamed' },
}

/** What is known of one stop before it is judged. */
export type StopAttempt =
  | { type: 'stopped'; stopped: StopObservation; evidence: string }
  /** It could not be tried; `reason` is read after `not known: `. */
  | { type: 'untried'; reason: string }

export interface CheckSpan {
  beganMs: number
  durationMs: number
}

/** Judges the end of a server: by the right exit code, within its grace and without being killed. */
export function stopCheck(
  occasion: StopOccasion,
  rules: StopRules,
  tried: StopAttempt,
  span: CheckSpan,
): CheckResult {
  const { id, when } = occasions[occasion]
  const { exitCodes, condition } = expectedOf(occasion, rules)
  const named = {
    id,
    group: 'container',
    title: `${rules.signal} ends it${when}${condition}`,
    required: true,
    expected: `exit ${exitCodes.join(' or ')} within ${rules.timeoutSeconds} s`,
    ...span,
  }
  if (tried.type === 'untried')
    return { ...named, status: 'skipped', observed: `not known: ${tried.reason}`, evidence: '' }
  const { exitCode, waitedMs } = tried.stopped
  return {
    ...named,
    status: exitCode !== null && exitCodes.includes(exitCode) ? 'passed' : 'failed',
    observed:
      exitCode === null
        ? `ignored: still there after ${rules.timeoutSeconds} s, then killed`
        : `exit ${exitCode} after ${waitedMs} ms`,
    evidence: tried.evidence.slice(-1000),
  }
}

/** What an engine's definition says cannot be: shown with its source, and required of nobody. */
export function deafCheck(rules: StopRules, source: string, span: CheckSpan): CheckResult {
  const check = stopCheck('loading', rules, { type: 'untried', reason: source }, span)
  return { ...check, required: false, expected: 'nothing: it does not hear the signal then' }
}

function expectedOf(
  occasion: StopOccasion,
  { exitCodes, busy }: StopRules,
): { exitCodes: readonly number[]; condition: string } {
  const rule = occasion === 'idle' ? undefined : busy?.[occasion]
  if (rule === undefined || rule.type === 'deaf') return { exitCodes, condition: '' }
  const condition = rule.type === 'ends-without-client' ? ', once the client has hung up' : ''
  return { exitCodes: rule.exitCodes, condition }
}

/**
 * On which occasion each of `boots` boots is stopped, and what is left for boots of its own. An engine that nobody has
 * measured under work is stopped idle, as far as its boots go.
 */
export function stopSchedule(
  { busy }: StopRules,
  boots: number,
): { ofBoots: StopOccasion[]; besides: StopOccasion[] } {
  const wanted: StopOccasion[] =
    busy === undefined
      ? ['idle']
      : [...(busy.streaming === undefined ? [] : (['streaming'] as const)), 'plain', 'idle']
  const ofBoots = Array.from({ length: boots }, (_, index) => wanted[index] ?? 'idle')
  const left = wanted.slice(boots)
  return { ofBoots, besides: busy?.loading.type === 'ends' ? [...left, 'loading'] : left }
}
