import { expect, test } from 'vitest'
import { watchStream } from '../../../images/boot/stream-watch.ts'

const event = (value: object, newline = '\n') => `data: ${JSON.stringify(value)}${newline}${newline}`
const delta = (member: object) => event({ choices: [{ delta: member }] })

function seenOf(pieces: readonly [string, number][]) {
  const watch = watchStream()
  for (const [text, nowMs] of pieces) watch.see(text, nowMs)
  return watch.seen
}

test('a role alone does not start the clock, reasoning does', () => {
  const seen = seenOf([
    [delta({ role: 'assistant', content: null }), 5],
    [delta({ role: 'assistant', content: '' }), 6],
    [delta({ reasoning_content: 'hm' }), 9],
    [delta({ content: 'one' }), 12],
    [delta({ content: ' two' }), 22],
    [event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 4 } }), 23],
    ['data: [DONE]\n\n', 24],
  ])
  expect(seen).toEqual({
    firstMs: 9,
    lastMs: 22,
    pieces: 3,
    longestGapMs: 10,
    inputTokens: 7,
    cachedTokens: null,
    outputTokens: 4,
    error: null,
  })
})

test('an event counts when the piece that completes it has come', () => {
  const whole = delta({ content: 'one' })
  const seen = seenOf([
    [whole.slice(0, 10), 1],
    [whole.slice(10, -1), 2],
    [whole.slice(-1), 3],
    [delta({ content: 'two' }) + delta({ content: 'three' }) + whole.slice(0, 4), 8],
    [whole.slice(4), 9],
  ])
  expect(seen).toMatchObject({ firstMs: 3, lastMs: 9, pieces: 4, longestGapMs: 5 })
})

test('completions, carriage returns and comments are read', () => {
  const seen = seenOf([
    [': ping\r\n\r\n', 1],
    [event({ choices: [{ text: 'a' }] }, '\r\n'), 4],
    [event({ usage: { prompt_tokens: 9, prompt_tokens_details: { cached_tokens: 8 } } }, '\r\n'), 5],
  ])
  expect(seen).toMatchObject({ firstMs: 4, pieces: 1, inputTokens: 9, cachedTokens: 8, outputTokens: null })
})

test('an event with an error is told', () => {
  const seen = seenOf([[event({ error: { message: 'out of slots' } }), 1]])
  expect(seen.error).toContain('out of slots')
  expect(seenOf([[event({ error: null, choices: [] }), 1]]).error).toBeNull()
})
