import { expect, test } from 'vitest'
import { parseEvents, valuesAt } from '../../../images/boot/answer-text.ts'
import { differences, type ServerAnswer } from '../../../images/boot/answers.ts'
import type { Expectation } from '../../../images/boot/probe.ts'

function answer(body: string, given: Partial<ServerAnswer> = {}): ServerAnswer {
  return { status: 200, contentType: 'application/json', location: null, body, pieces: 2, ...given }
}

const lines: Expectation = {
  type: 'json-lines',
  status: 200,
  lastLine: [{ at: 'done', rule: 'equals', value: true }],
  textAt: ['response'],
}
const ndjson = { contentType: 'application/x-ndjson' }
const piece = '{"response":"a","done":false}\n'
const last = '{"response":"","done":true}\n'

test.each<[string, ServerAnswer, string[]]>([
  ['good lines', answer(piece + piece + last, ndjson), []],
  ['lines cut off', answer(piece + piece, ndjson), ['the stream ends early: done is false instead of true']],
  ['a broken line', answer(`${piece}${piece}{"resp`, ndjson), ['a line is not JSON: {"resp']],
  ['no line', answer('', ndjson), ['the stream has no line', 'the stream carried no text']],
  ['one piece', answer(piece + last, ndjson), ['the text came in one piece']],
  [
    'everything at once',
    answer(piece + piece + last, { ...ndjson, pieces: 1 }),
    ['all 2 pieces of the text arrived at once'],
  ],
  [
    'events instead of lines',
    answer(piece + piece + last, { contentType: 'text/event-stream' }),
    ['content type text/event-stream instead of application/x-ndjson'],
  ],
])('JSON lines: %s', (_, given, words) => {
  expect(differences(given, lines)).toEqual(words)
})

test.each<[Expectation, ServerAnswer, string[]]>([
  [{ type: 'text', status: 200, contains: ['a', 'z'] }, answer('abc'), ['no "z" in the text: abc']],
  [{ type: 'json', status: 400, checks: [] }, answer('{}'), ['status 200 instead of 400: {}']],
  [
    { type: 'json', status: 200, checks: [] },
    answer('{}', { status: 302, location: '/x' }),
    ['it redirects (302) to /x instead of answering 200'],
  ],
  [
    { type: 'json', status: 200, checks: [] },
    answer('{}', { contentType: '' }),
    ['content type (none) instead of application/json'],
  ],
  [{ type: 'json', status: 200, checks: [] }, answer('{}', { contentType: 'application/problem+json' }), []],
  [{ type: 'json', status: 200, checks: [] }, answer(' \n'), ['the body is not JSON: (empty)']],
])('%j', (expect_, given, words) => {
  expect(differences(given, expect_)).toEqual(words)
})

const value = { list: [{ id: 'a', nested: [[1, 2]] }, { id: 'b' }], text: ' ', zero: 0, none: null }

test.each<[string, unknown[]]>([
  ['list.0.id', ['a']],
  ['list.*.id', ['a', 'b']],
  ['list.0.nested.0', [[1, 2]]],
  ['list.0.nested.0.1', [2]],
  ['list.9.id', []],
  ['text.length', []],
  ['none', [null]],
  ['none.x', []],
])('values at %s', (path, found) => {
  expect(valuesAt(value, path)).toEqual(found)
})

test.each<[Extract<Expectation, { type: 'json' }>['checks'][number], boolean]>([
  [{ at: 'list.*.id', rule: 'has', value: 'b' }, true],
  [{ at: 'list.*.id', rule: 'has', value: 'c' }, false],
  [{ at: 'text', rule: 'text' }, false],
  [{ at: 'list.0.id', rule: 'text' }, true],
  [{ at: 'zero', rule: 'positive' }, false],
  [{ at: 'none', rule: 'exists' }, true],
  [{ at: 'absent', rule: 'exists' }, false],
  [{ at: 'zero', rule: 'equals', value: '0' }, false],
])('check %j holds: %s', (check, holds) => {
  const found = differences(answer(JSON.stringify(value)), { type: 'json', status: 200, checks: [check] })
  expect(found.length === 0).toBe(holds)
})

test('events: comments are skipped, lines of one event joined, a missing space forgiven', () => {
  const body = ': ping\n\ndata:{"a":1}\r\n\r\nevent: x\ndata: one\ndata: two\n\ndata: [DONE]\n\n'
  expect(parseEvents(body)).toEqual(['{"a":1}', 'one\ntwo', '[DONE]'])
})
