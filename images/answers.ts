import type { Json } from '../lib/json.ts'
import type { Expectation, JsonCheck } from './probe.ts'

/** An answer as it came: status, media type and body text; streams are read to their end. */
export interface Answer {
  status: number
  contentType: string
  body: string
}

/** What differs between an answer and its expectation, in words; empty when nothing does. */
export function differences(answer: Answer, expect: Expectation): string[] {
  if (answer.status !== expect.status)
    return [`status ${answer.status} instead of ${expect.status}: ${excerpt(answer.body)}`]
  switch (expect.type) {
    case 'text':
      return expect.contains
        .filter((part) => !answer.body.includes(part))
        .map((part) => `no "${part}" in the text`)
    case 'json':
      return jsonDifferences(answer.body, expect.checks)
    case 'event-stream':
      return streamDifferences(answer, expect.endMarker, expect.textAt)
    case 'json-lines':
      return linesDifferences(answer.body, expect.lastLine, expect.textAt)
  }
}

/** The text a stream carried, all pieces joined. */
export function streamedText(events: readonly Json[], textAt: readonly string[]): string {
  return events
    .flatMap((event) => textAt.flatMap((path) => valuesAt(event, path)))
    .filter((value) => typeof value === 'string')
    .join('')
}

/** Data of each server-sent event; comments are skipped and data lines of one event joined, as the standard says. */
export function parseEvents(body: string): string[] {
  return body
    .split(/\r?\n\r?\n/)
    .map((block) =>
      block
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '')
}

/** Values at a path such as `choices.0.message.content`; `*` stands for every item of a list. */
export function valuesAt(value: Json | undefined, path: string): Json[] {
  return path.split('.').reduce<Json[]>(
    (values, key) =>
      values.flatMap((item) => {
        if (item === null || typeof item !== 'object') return []
        if (Array.isArray(item)) return key === '*' ? [...item] : (item[Number(key)] ?? [])
        const member = (item as { [key: string]: Json | undefined })[key]
        return member === undefined ? [] : [member]
      }),
    value === undefined ? [] : [value],
  )
}

function jsonDifferences(body: string, checks: readonly JsonCheck[]): string[] {
  const parsed = parse(body)
  if (parsed === undefined) return [`the body is not JSON: ${excerpt(body)}`]
  return checks.flatMap((check) => failedCheck(parsed, check))
}

function failedCheck(value: Json, check: JsonCheck): string[] {
  const found = valuesAt(value, check.at)
  const shown =
    found.length === 0 ? 'absent' : JSON.stringify(found.length === 1 ? found[0] : found).slice(0, 200)
  switch (check.rule) {
    case 'exists':
      return found.length > 0 ? [] : [`${check.at} is absent`]
    case 'equals':
      return JSON.stringify(found[0]) === JSON.stringify(check.value)
        ? []
        : [`${check.at} is ${shown} instead of ${JSON.stringify(check.value)}`]
    case 'text':
      return typeof found[0] === 'string' && found[0].trim() !== ''
        ? []
        : [`${check.at} is ${shown} instead of a text`]
    case 'positive':
      return typeof found[0] === 'number' && found[0] > 0
        ? []
        : [`${check.at} is ${shown} instead of a number above 0`]
    case 'has':
      return found.includes(check.value) ? [] : [`${check.at} is ${shown} and lacks "${check.value}"`]
  }
}

function streamDifferences(answer: Answer, endMarker: string | null, textAt: readonly string[]): string[] {
  const events = parseEvents(answer.body)
  const data = endMarker === null ? events : events.filter((event) => event !== endMarker)
  const parsed = data.map(parse)
  return [
    ...(answer.contentType.startsWith('text/event-stream')
      ? []
      : [`content type ${answer.contentType} instead of text/event-stream`]),
    ...(endMarker === null || events.at(-1) === endMarker
      ? []
      : [`the stream ends with ${excerpt(events.at(-1) ?? 'nothing')} instead of ${endMarker}`]),
    ...(parsed.includes(undefined) ? ['an event is not JSON'] : []),
    ...pieceDifferences(parsed, textAt),
  ]
}

function linesDifferences(body: string, lastLine: readonly JsonCheck[], textAt: readonly string[]): string[] {
  const lines = body.split('\n').filter((line) => line.trim() !== '')
  const parsed = lines.map(parse)
  const last = parsed.at(-1)
  return [
    ...(parsed.includes(undefined) ? ['a line is not JSON'] : []),
    ...(last === undefined
      ? ['the stream has no last line']
      : lastLine.flatMap((check) => failedCheck(last, check))),
    ...pieceDifferences(parsed, textAt),
  ]
}

/** A server that buffers its answer and sends it in one piece does not stream. */
function pieceDifferences(parsed: readonly (Json | undefined)[], textAt: readonly string[]): string[] {
  const known = parsed.filter((event) => event !== undefined)
  const pieces = known.filter((event) => streamedText([event], textAt) !== '')
  if (pieces.length === 0) return ['the stream carried no text']
  return pieces.length > 1 ? [] : ['the text came in one piece']
}

function parse(text: string): Json | undefined {
  try {
    // JSON.parse returns JSON values and nothing else.
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line === '' ? '(empty)' : line.slice(0, 200)
}
