import type { Json } from '../../lib/json.ts'
import { parseEvents, parseJson, streamedText, valuesAt } from './answer-text.ts'
import { failedCheck } from './json-checks.ts'
import type { Comparison, Expectation, JsonCheck } from './probe.ts'
import { streamedAnswer } from './streamed-answer.ts'
import { cosine } from './vectors.ts'

/** An answer as it came; streams are read to their end. */
export interface ServerAnswer {
  status: number
  /** Media type with its parameters, empty when none was sent. */
  contentType: string
  /** Where a redirect leads, null when there is none. */
  location: string | null
  body: string
  /** Pieces the body arrived in; a stream that was held back arrives in one. */
  pieces: number
}

/** What differs between an answer and its expectation, in words; empty when nothing does. */
export function differences(answer: ServerAnswer, expect: Expectation): string[] {
  if (answer.status !== expect.status) return [statusDifference(answer, expect.status)]
  switch (expect.type) {
    case 'text':
      return [
        ...expect.contains
          .filter((part) => !answer.body.includes(part))
          .map((part) => `no "${part}" in the text: ${excerpt(answer.body)}`),
        ...(expect.positive ?? []).flatMap((name) => notPositive(answer.body, name)),
      ]
    case 'json':
      return [
        ...typeDifference(answer, /^application\/(\S+\+)?json\b/, 'application/json'),
        ...jsonDifferences(answer.body, expect.checks),
      ]
    case 'event-stream':
      return [
        ...typeDifference(answer, /^text\/event-stream\b/, 'text/event-stream'),
        ...streamDifferences(answer, expect),
      ]
    case 'json-lines':
      return [
        ...typeDifference(answer, /^application\/(x-ndjson|jsonl|json-lines)\b/, 'application/x-ndjson'),
        ...linesDifferences(answer, expect.lastLine, expect.textAt),
      ]
  }
}

/** Which vectors of two answers are farther from each other than they may be, in words. */
export function vectorDifferences(first: string, second: string, { pairs, within }: Comparison): string[] {
  const [one, other] = [parseJson(first), parseJson(second)]
  return pairs.flatMap(({ at, as }) => {
    const distance = 1 - cosine(valuesAt(one, at)[0], valuesAt(other, as)[0])
    if (distance <= within) return []
    const words = Number.isNaN(distance)
      ? 'cannot be compared with'
      : `is ${distance.toPrecision(3)} away from`
    return [`${at} of the batch ${words} the same text alone (${as}); at most ${within} is allowed`]
  })
}

/** Series of one name add up, whatever their labels. */
function notPositive(text: string, name: string): string[] {
  const values = text.split('\n').flatMap((line) => {
    const [, found, value] = /^([A-Za-z_:][\w:]*)(?:\{.*\})?\s+(\S+)/.exec(line) ?? []
    return found === name ? [Number(value)] : []
  })
  const sum = values.reduce((all, value) => all + value, 0)
  if (sum > 0) return []
  return [values.length === 0 ? `there is no series ${name}` : `${name} is ${sum}`]
}

function statusDifference({ status, location, body }: ServerAnswer, wanted: number): string {
  return location !== null && status >= 300 && status < 400
    ? `it redirects (${status}) to ${location} instead of answering ${wanted}`
    : `status ${status} instead of ${wanted}: ${excerpt(body)}`
}

function typeDifference({ contentType }: ServerAnswer, pattern: RegExp, wanted: string): string[] {
  return pattern.test(contentType) ? [] : [`content type ${contentType || '(none)'} instead of ${wanted}`]
}

function jsonDifferences(body: string, checks: readonly JsonCheck[]): string[] {
  const parsed = parseJson(body)
  if (parsed === undefined) return [`the body is not JSON: ${excerpt(body)}`]
  return checks.flatMap((check) => failedCheck(parsed, check))
}

function streamDifferences(
  answer: ServerAnswer,
  expect: Extract<Expectation, { type: 'event-stream' }>,
): string[] {
  const { endMarker, textAt } = expect
  const events = parseEvents(answer.body)
  if (events.length === 0) return [`no event in the stream: ${excerpt(answer.body)}`]
  const data = endMarker === null ? events : events.filter((event) => event !== endMarker)
  const parsed = data.map(parseJson)
  const broken = data.find((_, index) => parsed[index] === undefined)
  const withText = parsed.filter((event) => event !== undefined && streamedText([event], textAt) !== '')
  const wrong = (expect.events ?? []).flatMap((check) =>
    withText.flatMap((event) => failedCheck(event ?? null, check)).slice(0, 1),
  )
  return [
    ...(endMarker === null || events.at(-1) === endMarker
      ? []
      : [`the stream ends with ${excerpt(events.at(-1) ?? '')} instead of ${endMarker}`]),
    ...(broken === undefined ? [] : [`an event is not JSON: ${excerpt(broken)}`]),
    ...wrong,
    ...streamedFaults(parsed, expect),
    ...pieceDifferences(answer, parsed, textAt),
  ]
}

function streamedFaults(
  parsed: readonly (Json | undefined)[],
  { whole }: Extract<Expectation, { type: 'event-stream' }>,
): string[] {
  if (whole === undefined) return []
  const answer = streamedAnswer(parsed.filter((event) => event !== undefined))
  return whole.flatMap((check) => failedCheck(answer, check)).map((fault) => `streamed, ${fault}`)
}

function linesDifferences(
  answer: ServerAnswer,
  lastLine: readonly JsonCheck[],
  textAt: readonly string[],
): string[] {
  const lines = answer.body.split('\n').filter((line) => line.trim() !== '')
  const parsed = lines.map(parseJson)
  const broken = lines.find((_, index) => parsed[index] === undefined)
  const last = parsed.at(-1)
  return [
    ...(broken === undefined ? [] : [`a line is not JSON: ${excerpt(broken)}`]),
    ...(lines.length === 0 ? ['the stream has no line'] : []),
    ...(last === undefined
      ? []
      : lastLine
          .flatMap((check) => failedCheck(last, check))
          .map((text) => `the stream ends early: ${text}`)),
    ...pieceDifferences(answer, parsed, textAt),
  ]
}

/** A server that holds its answer back and sends it in one piece does not stream, however many events it is cut into. */
function pieceDifferences(
  { pieces }: ServerAnswer,
  parsed: readonly (Json | undefined)[],
  textAt: readonly string[],
): string[] {
  if (textAt.length === 0) return []
  const known = parsed.filter((event) => event !== undefined)
  const withText = known.filter((event) => streamedText([event], textAt) !== '').length
  if (withText === 0) return ['the stream carried no text']
  if (withText === 1) return ['the text came in one piece']
  return pieces > 1 ? [] : [`all ${withText} pieces of the text arrived at once`]
}

function excerpt(text: string): string {
  const line = text.slice(0, 1000).replaceAll(/\s+/g, ' ').trim()
  return line === '' ? '(empty)' : line.slice(0, 200)
}
