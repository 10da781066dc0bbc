import { expect, test } from 'vitest'
import { keyStandingTwice } from '../../recipes/json-text.ts'

test.each([
  ['{"a": 1, "a": 2}', 'a'],
  ['{"a": {"b": 1, "c": [], "b": 2}}', 'b'],
  ['[{"x": 1}, {"x": 1, "y": {}, "x": 2}]', 'x'],
  ['{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 1}]}', undefined],
  ['{"a": "\\"a\\": {", "b": "}, \\"a\\": 1"}', undefined],
  ['{"a\\\\": 1, "b": "\\\\", "c": 2}', undefined],
  ['"a"', undefined],
  ['[]', undefined],
])('%s has %j twice', (text, key) => {
  expect(() => JSON.parse(text)).not.toThrow()
  expect(keyStandingTwice(text)).toBe(key)
})
