import type { MainQuestion } from '../../images/boot/probe.ts'
import { type StreamObservation, watchStream } from '../../images/boot/stream-watch.ts'
import { askRequest } from '../../images/engines/ask-request.ts'
import type { LoadQuestion } from '../../images/load/questions.ts'
import type { LoadRequest } from '../../images/load/step.ts'
import type { Clock } from '../verify/ask.ts'
import { askServer } from '../verify/exchange.ts'

/** A running server that is put under load. */
export interface LoadTarget {
  url: string
  model: string
  ask: Pick<MainQuestion, 'path' | 'bodyFor'>
  key: string | null
  timeoutMs: number
  /** In ms, with fractions. */
  clock: Clock
  signal: AbortSignal
}

/**
 * An answer has the length that was asked for only where the server goes on behind the end of the text. Servers that do not
 * know the word pass over it; what they generated is counted.
 */
const asked = { stream: true, stream_options: { include_usage: true }, ignore_eos: true } as const

/** Streams one answer and times it from when it was due, a reading of the target's clock. Never throws but for an interruption. */
export async function sendQuestion(
  target: LoadTarget,
  { prompt, outputTokens }: LoadQuestion,
  { dueMs, beganMs }: { dueMs: number; beganMs: number },
): Promise<LoadRequest> {
  const { clock, signal, key, timeoutMs, model } = target
  const request = askRequest(target.ask, { model, prompt, maxTokens: outputTokens, beside: asked })
  const watch = watchStream()
  const sentMs = clock.now()
  const came = await askServer(target.url, request, {
    ...{ timeoutMs, signal, key },
    onPiece: (text) => watch.see(text, clock.now()),
  })
  const endedMs = clock.now()
  signal.throwIfAborted()
  const { seen } = watch
  const error =
    came.type === 'trouble'
      ? came.words
      : came.answer.status === 200
        ? faultOf(seen)
        : `status ${came.answer.status}: ${came.answer.body.slice(0, 200)}`
  const tokens = seen.outputTokens ?? seen.pieces
  return {
    dueMs: dueMs - beganMs,
    lateMs: sentMs - dueMs,
    ttftMs: seen.firstMs === null ? null : seen.firstMs - dueMs,
    itlMs: betweenTokens(seen, tokens),
    e2eMs: endedMs - dueMs,
    longestGapMs: seen.longestGapMs,
    inputTokens: seen.inputTokens,
    cachedTokens: seen.cachedTokens,
    outputTokens: tokens,
    outputFrom: seen.outputTokens === null ? 'pieces' : 'usage',
    error,
  }
}

function faultOf({ error, firstMs }: StreamObservation): string | null {
  if (error !== null) return `the stream has an error: ${error}`
  return firstMs === null ? 'the answer has no text' : null
}

function betweenTokens({ firstMs, lastMs }: StreamObservation, tokens: number): number | null {
  return firstMs === null || lastMs === null || tokens < 2 ? null : (lastMs - firstMs) / (tokens - 1)
}
