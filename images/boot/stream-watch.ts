import type { Json } from '../../lib/json.ts'
import { parseEvents, parseJson, streamedText, streamedTextAt, valuesAt } from './answer-text.ts'

/** What was seen of one streamed answer. Times are those of the clock that `see` was told. */
export interface StreamObservation {
  /** Of the first event with content or reasoning; one with a role alone does not count. Null when none came. */
  firstMs: number | null
  lastMs: number | null
  /** Events with text. */
  pieces: number
  longestGapMs: number
  /** The server's own counts; null where it gives none. */
  inputTokens: number | null
  cachedTokens: number | null
  outputTokens: number | null
  /** What an event said instead of an answer. */
  error: string | null
}

export interface StreamWatch {
  /** Takes a piece of the body as it arrives. */
  see(text: string, nowMs: number): void
  readonly seen: Readonly<StreamObservation>
}

/** Reads a stream of server-sent events once, as it comes: an event counts at the time of the piece that completes it. */
export function watchStream(): StreamWatch {
  const seen: StreamObservation = {
    firstMs: null,
    lastMs: null,
    pieces: 0,
    longestGapMs: 0,
    inputTokens: null,
    cachedTokens: null,
    outputTokens: null,
    error: null,
  }
  let unread = ''
  return {
    seen,
    see(text, nowMs) {
      unread += text
      const end = endOfEvents(unread)
      if (end === 0) return
      const whole = unread.slice(0, end)
      unread = unread.slice(end)
      for (const data of parseEvents(whole)) readEvent(data, nowMs, seen)
    },
  }
}

/** Length of the whole events that a text begins with. */
function endOfEvents(text: string): number {
  const [plain, carried] = [text.lastIndexOf('\n\n'), text.lastIndexOf('\r\n\r\n')]
  return Math.max(plain < 0 ? 0 : plain + 2, carried < 0 ? 0 : carried + 4)
}

function readEvent(data: string, nowMs: number, seen: StreamObservation): void {
  const event = parseJson(data)
  if (event === undefined) return
  const [usage] = valuesAt(event, 'usage')
  if (usage !== undefined && usage !== null) readUsage(usage, seen)
  if (valuesAt(event, 'error').some((value) => value !== null)) seen.error ??= data.slice(0, 200)
  if (streamedText([event], streamedTextAt) === '') return
  seen.pieces += 1
  seen.longestGapMs = Math.max(seen.longestGapMs, nowMs - (seen.lastMs ?? nowMs))
  seen.firstMs ??= nowMs
  seen.lastMs = nowMs
}

function readUsage(usage: Json, seen: StreamObservation): void {
  const number = (path: string, known: number | null) => {
    const [value] = valuesAt(usage, path)
    return typeof value === 'number' ? value : known
  }
  seen.inputTokens = number('prompt_tokens', seen.inputTokens)
  seen.outputTokens = number('completion_tokens', seen.outputTokens)
  seen.cachedTokens = number('prompt_tokens_details.cached_tokens', seen.cachedTokens)
}
