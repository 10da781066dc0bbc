import { parseJson, valuesAt } from '../../images/boot/answer-text.ts'
import { differences, vectorDifferences } from '../../images/boot/answers.ts'
import type { RecordedAnswer } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { Behaviour, Difference, HttpProbe, ProbeRequest } from '../../images/boot/probe.ts'
import { type AskedQuestion, askRequest } from '../../images/engines/ask-request.ts'
import { askServer, type QuestionResult } from './exchange.ts'

/** Time of one boot, counted from the request to boot. */
export interface Clock {
  now(): number
}

/** Milliseconds since then, without the noise of binary fractions. */
export function elapsedMs(clock: Clock, beganMs: number): number {
  return Math.round((clock.now() - beganMs) * 10) / 10
}

export interface AskOptions {
  clock: Clock
  signal?: AbortSignal | undefined
  /** The key that the server was given; null where it wants none. */
  key?: string | null
}

/**
 * `wrong` came with the right status and another content and `forbidden` wants a key, which waiting does not mend;
 * `refused` is another status or no whole answer, `unreached` not the beginning of one.
 */
export type QuestionOutcome = 'passed' | 'wrong' | 'forbidden' | 'refused' | 'unreached'

/** Puts one question to the server and judges the answer. Never throws: a broken connection is a failed check. */
export async function runProbe(
  url: string,
  probe: HttpProbe,
  options: AskOptions,
): Promise<CheckResult & { outcome: QuestionOutcome }> {
  const beganMs = options.clock.now()
  const timeoutMs = probe.timeoutSeconds * 1000
  const asking = { ...options, timeoutMs }
  const came = await askServer(url, probe.request, asking)
  const wrong = came.type === 'answer' ? differences(came.answer, probe.expect) : [came.words]
  if (wrong.length === 0) wrong.push(...(await compared(url, probe, came, asking)))
  if (probe.differs && wrong.length === 0) wrong.push(...(await sameAnswers(url, probe.differs, asking)))
  return {
    ...namedCheck(probe),
    status: wrong.length === 0 ? 'passed' : 'failed',
    observed: wrong.length === 0 ? 'as expected' : wrong.join('; '),
    beganMs,
    durationMs: elapsedMs(options.clock, beganMs),
    evidence: came.type === 'answer' ? came.answer.body.slice(0, 1000) : came.partial,
    outcome: outcomeOf(came, probe, wrong),
  }
}

/** Puts the second question of a probe that has one, and compares its vectors with those of the first. */
async function compared(
  url: string,
  { compare, expect }: HttpProbe,
  first: QuestionResult,
  options: AskOptions & { timeoutMs: number },
): Promise<string[]> {
  if (compare === undefined || first.type === 'trouble') return []
  const second = await askServer(url, compare.request, options)
  if (second.type === 'trouble') return [second.words]
  if (second.answer.status !== expect.status)
    return [`status ${second.answer.status} instead of ${expect.status} for the second question`]
  return vectorDifferences(first.answer.body, second.answer.body, compare)
}

/**
 * Nothing once the answers of a pair differ, and the first question is answered as before when it is asked again: a server that answers
 * in two ways shows nothing. Else in words that none does, or what went wrong.
 */
async function sameAnswers(
  url: string,
  { pairs, at, otherwise }: Difference,
  options: AskOptions & { timeoutMs: number },
): Promise<string[]> {
  const same: string[] = []
  for (const [first, second] of pairs) {
    const one = await textOf(url, first, at, options)
    const other = await textOf(url, second, at, options)
    if ('words' in one) return [one.words]
    if ('words' in other) return [other.words]
    if (one.text === other.text) {
      same.push(one.text)
      continue
    }
    const again = await textOf(url, first, at, options)
    if ('words' in again) return [again.words]
    if (one.text === again.text) return []
  }
  if (same.length === 0)
    return ['each question gets another answer when it is asked again, so that a difference shows nothing']
  return [
    `${otherwise}: ${same.length} of ${pairs.length} answers are the same, such as "${same[0]?.slice(0, 100)}"`,
  ]
}

async function textOf(
  url: string,
  request: ProbeRequest,
  at: string,
  options: AskOptions & { timeoutMs: number },
): Promise<{ text: string } | { words: string }> {
  const came = await askServer(url, request, options)
  if (came.type === 'trouble') return { words: came.words }
  const [text] = valuesAt(parseJson(came.answer.body), at)
  return typeof text === 'string'
    ? { text }
    : { words: `status ${came.answer.status} without a text at ${at}` }
}

function outcomeOf(came: QuestionResult, { expect }: HttpProbe, wrong: readonly string[]): QuestionOutcome {
  if (wrong.length === 0) return 'passed'
  const status = came.type === 'answer' ? came.answer.status : came.status
  if (status === null) return 'unreached'
  if (status === 401 || status === 403) return 'forbidden'
  return came.type === 'answer' && status === expect.status ? 'wrong' : 'refused'
}

/** The result of a question that was not put. */
export function skippedProbe(probe: HttpProbe, reason: string, clock: Clock): CheckResult {
  return {
    ...namedCheck(probe),
    status: 'skipped',
    observed: `not asked: ${reason}`,
    beganMs: clock.now(),
    durationMs: 0,
    evidence: '',
  }
}

/** Who gives an answer, and in what form it is asked for. */
export interface AnswerTarget extends Pick<AskedQuestion, 'model' | 'beside'> {
  ask: Behaviour['ask']
  maxTokens?: number
}

/** One prompt answered greedily; a text instead of an answer says what went wrong. */
export async function recordAnswer(
  url: string,
  { model, ask, maxTokens = 64, ...beside }: AnswerTarget,
  prompt: string,
  options: AskOptions & { timeoutMs: number },
): Promise<RecordedAnswer | string> {
  const beganMs = options.clock.now()
  const request = askRequest(ask, { model, prompt, maxTokens, ...beside })
  const came = await askServer(url, request, options)
  if (came.type === 'trouble') return came.words
  const wrong = differences(came.answer, {
    type: 'json',
    status: 200,
    checks: [{ at: 'usage.completion_tokens', rule: 'positive' }],
  })
  if (wrong.length > 0) return wrong.join('; ')
  const body = parseJson(came.answer.body)
  const [content] = ask.textAt === null ? [] : valuesAt(body, ask.textAt)
  return {
    prompt,
    // Models that think first may give their tokens elsewhere and leave the text empty.
    answer: typeof content === 'string' ? content : '',
    tokens: Number(valuesAt(body, 'usage.completion_tokens')[0]),
    durationMs: elapsedMs(options.clock, beganMs),
  }
}

function namedCheck(probe: HttpProbe): Pick<CheckResult, 'id' | 'group' | 'title' | 'required' | 'expected'> {
  const { id, group, title, required } = probe
  return { id, group, title, required, expected: expectedWords(probe) }
}

function expectedWords({ expect }: HttpProbe): string {
  switch (expect.type) {
    case 'text':
      return `${expect.status} with ${expect.contains.join(', ') || 'any text'}`
    case 'json':
      return `${expect.status} with ${expect.checks.map((check) => check.at).join(', ') || 'any JSON'}`
    case 'event-stream':
      return `${expect.status}, events with text${expect.endMarker === null ? '' : `, then ${expect.endMarker}`}`
    case 'json-lines':
      return `${expect.status}, JSON lines with text`
  }
}
