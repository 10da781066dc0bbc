import type { Json } from '../../lib/json.ts'

/** The JSON value of a text, or undefined when it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    // JSON.parse returns JSON values and nothing else.
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** The paths that are asked are those of a plan, some dozens. */
const keysByPath = new Map<string, readonly string[]>()

function keysOf(path: string): readonly string[] {
  const known = keysByPath.get(path)
  if (known !== undefined) return known
  const keys = path.split('.')
  keysByPath.set(path, keys)
  return keys
}

/** Values at a path such as `choices.0.message.content`; `*` stands for every item of a list. */
export function valuesAt(value: Json | undefined, path: string): Json[] {
  // A load asks this of every token, so nothing is made but the lists.
  let values = value === undefined ? [] : [value]
  for (const key of keysOf(path)) {
    const next: Json[] = []
    for (const item of values) {
      if (item === null || typeof item !== 'object') continue
      if (Array.isArray(item) && key === '*') {
        for (const one of item) next.push(one)
        continue
      }
      // Lists and objects alike have members by key; only JSON values are in them.
      const member = (item as { [key: string]: Json | undefined })[key]
      if (member !== undefined) next.push(member)
    }
    values = next
    if (values.length === 0) break
  }
  return values
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

/** Where streams of chats and of completions carry their text, reasoning included. */
export const streamedTextAt = [
  'choices.0.delta.content',
  'choices.0.delta.reasoning_content',
  'choices.0.delta.reasoning',
  'choices.0.text',
] as const

/** The text a stream carried, all pieces joined. */
export function streamedText(events: readonly Json[], textAt: readonly string[]): string {
  return events
    .flatMap((event) => textAt.flatMap((path) => valuesAt(event, path)))
    .filter((value) => typeof value === 'string')
    .join('')
}
