import {
  parseEvents,
  parseJson,
  streamedText,
  streamedTextAt,
  valuesAt,
} from '../../images/boot/answer-text.ts'
import type { SpeedRun } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import { askRequest } from '../../images/engines/ask-request.ts'
import { askServer } from './exchange.ts'
import { madeCheck, type ReadyTrial, reasonToEnd, skippedCheck, timeLeftMs } from './trial.ts'

/** Different beginnings, so that no answer is read from a cache of prompts. */
const questions = [
  'Write a long story about a lighthouse keeper and the sea.',
  'Explain step by step how bread is baked, with every detail.',
  'Describe a walk through an old city in spring, street by street.',
]
/** Texts to go on with, for models that were not taught to answer. */
const beginnings = [
  'Once upon a time there was a lighthouse keeper who lived by the sea, and every',
  'To bake a loaf of bread, first mix the flour and the water. Then',
  'In spring the streets of the old city are full of people, and on the',
]
const maxTokens = 64
/** Where tokens are slow, one or two runs say enough. */
const enoughMs = 20_000
const speedCheck = {
  id: 'speed',
  group: 'measure',
  title: 'the speed of streamed answers can be measured',
  expected: 'streams of two or more tokens',
}

/**
 * Streams as many greedy answers as `count` says, three at most, and times them: first text and tokens per second after it.
 * Ends at the first that fails.
 */
export async function measureSpeed(
  trial: ReadyTrial,
  count: number,
): Promise<{ check: CheckResult; runs: SpeedRun[] }> {
  const beganMs = trial.clock.now()
  const reason = await reasonToEnd(trial)
  if (reason !== null) return { check: skippedCheck(speedCheck, reason, beganMs), runs: [] }
  const runs: SpeedRun[] = []
  let trouble: string | null = null
  const isChat = trial.plan.verify.behaviour.ask.bodyFor === 'openai-chat'
  for (const prompt of (isChat ? questions : beginnings).slice(0, count)) {
    const run = await streamOnce(trial, prompt)
    if (typeof run === 'string') trouble = run
    else runs.push(run)
    if (trouble !== null || trial.clock.now() - beganMs > enoughMs) break
  }
  const figures = runs.map((run) => `${run.tokensPerSecond.toFixed(1)} tokens/s`)
  const check = madeCheck(speedCheck, {
    good: trouble === null,
    observed: [...figures, ...(trouble === null ? [] : [trouble])].join('; '),
    beganMs,
    endedMs: trial.clock.now(),
  })
  return { check, runs }
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}

async function streamOnce(trial: ReadyTrial, prompt: string): Promise<SpeedRun | string> {
  const { server, plan, clock, signal, limits } = trial
  const beside = { stream: true, stream_options: { include_usage: true } }
  const request = askRequest(plan.verify.behaviour.ask, { model: plan.model, prompt, maxTokens, beside })
  const beganMs = clock.now()
  let seen = ''
  let firstMs: number | null = null
  let lastMs = beganMs
  const onPiece = (text: string) => {
    lastMs = clock.now()
    if (firstMs !== null) return
    seen += text
    // The first event of many servers carries only the role.
    if (carriesText(seen)) firstMs = lastMs
  }
  const came = await askServer(server.url, request, {
    timeoutMs: timeLeftMs(trial, limits.answerSeconds),
    signal,
    key: trial.key,
    onPiece,
  })
  if (came.type === 'trouble') return came.words
  if (came.answer.status !== 200) return `status ${came.answer.status}`
  return runOf(prompt, came.answer.body, { beganMs, firstMs, lastMs })
}

interface StreamTimes {
  beganMs: number
  /** Of the first event with text; null when none came. */
  firstMs: number | null
  lastMs: number
}

function runOf(prompt: string, body: string, { beganMs, firstMs, lastMs }: StreamTimes) {
  const events = parseEvents(body).flatMap((data) => parseJson(data) ?? [])
  const counted = events.flatMap((event) => valuesAt(event, 'usage.completion_tokens')).at(-1)
  const pieces = events.filter((event) => streamedText([event], streamedTextAt) !== '').length
  const tokens = typeof counted === 'number' && counted > 0 ? counted : pieces
  if (firstMs === null || tokens < 2) return `only ${tokens} tokens were streamed`
  if (lastMs <= firstMs) return `all ${tokens} tokens came at once`
  return {
    prompt,
    tokens,
    tokensFrom: tokens === counted ? 'usage' : 'pieces',
    firstTokenMs: Math.round(firstMs - beganMs),
    tokensPerSecond: Math.round(((tokens - 1) * 100_000) / (lastMs - firstMs)) / 100,
  } satisfies SpeedRun
}

function carriesText(text: string): boolean {
  const events = parseEvents(text).flatMap((data) => parseJson(data) ?? [])
  return streamedText(events, streamedTextAt) !== ''
}
