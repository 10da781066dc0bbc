import type { Json } from '../../lib/json.ts'
import { valuesAt } from './answer-text.ts'

const delta = 'choices.0.delta'

/** The answer that the events of a streamed chat make up, in the form of one that was not streamed. */
export function streamedAnswer(events: readonly Json[]): Json {
  const texts = Object.fromEntries(
    ['content', 'reasoning_content', 'reasoning'].map((key) => [key, joined(events, `${delta}.${key}`)]),
  )
  const places = new Set(events.flatMap((event) => valuesAt(event, `${delta}.tool_calls.*.index`)))
  const calls = [...places].map((place) => callAt(events, place))
  const finish_reason = events.flatMap((event) => valuesAt(event, 'choices.0.finish_reason')).at(-1) ?? null
  const message = { role: 'assistant', ...texts, ...(calls.length === 0 ? {} : { tool_calls: calls }) }
  return { choices: [{ message, finish_reason }] }
}

/** Pieces of a call have its place in the list of calls; its name comes once, and its arguments as pieces of a text. */
function callAt(events: readonly Json[], place: Json): Json {
  const pieces = events
    .flatMap((event) => valuesAt(event, `${delta}.tool_calls.*`))
    .filter((piece) => valuesAt(piece, 'index')[0] === place)
  return {
    function: { name: joined(pieces, 'function.name'), arguments: joined(pieces, 'function.arguments') },
  }
}

function joined(values: readonly Json[], at: string): string {
  return values
    .flatMap((value) => valuesAt(value, at))
    .filter((text) => typeof text === 'string')
    .join('')
}
