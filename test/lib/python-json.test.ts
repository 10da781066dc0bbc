import { expect, test } from 'vitest'
import { parsePythonJson } from '../../lib/python-json.ts'

test.each([
  ['{"a": Infinity, "b": [-Infinity, NaN, 1]}', { a: null, b: [null, null, 1] }],
  ['{"time_step_limit": [0.0, Infinity]}', { time_step_limit: [0, null] }],
  [
    '{"said": "to Infinity and -Infinity, NaN \\" Infinity", "n": NaN}',
    {
      said: 'to Infinity and -Infinity, NaN " Infinity',
      n: null,
    },
  ],
  ['{"Infinity": 1}', { Infinity: 1 }],
  ['[1e3, -2]', [1000, -2]],
])('%s is read', (text, value) => {
  expect(parsePythonJson(text)).toEqual(value)
})

test.each(['', '{', '{"a": Infinite}', '{"a": Infinity', "{'a': NaN}"])('%j is none', (text) => {
  expect(() => parsePythonJson(text)).toThrow(SyntaxError)
})
