import { expect, test } from 'vitest'
import { digestOf, hexOf, isDigest, parseDigest } from '../../lib/digest.ts'
import { canonicalJson, prettyJson } from '../../lib/json.ts'
import { nearestName } from '../../lib/suggest.ts'

test('equal values have equal bytes, whatever the order they were written in', () => {
  const one = { b: [1, { z: 1, a: undefined, y: 'ü' }], a: null }
  const two = { a: null, b: [1, { y: 'ü', z: 1 }] }
  expect(canonicalJson(one)).toBe('{"a":null,"b":[1,{"y":"ü","z":1}]}')
  expect(canonicalJson(two)).toBe(canonicalJson(one))
})

test('pretty JSON ends with a line break and keeps the order', () => {
  expect(prettyJson({ b: 1, a: [] })).toBe('{\n  "a": [],\n  "b": 1\n}\n')
})

test('digests are sha256 of the bytes', () => {
  const empty = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  expect(digestOf('')).toBe(empty)
  expect(hexOf(parseDigest(empty))).toHaveLength(64)
  expect(isDigest(empty.toUpperCase())).toBe(false)
  expect(() => parseDigest('sha256:12')).toThrow(expect.objectContaining({ code: 'bad-digest' }))
})

test.each([
  ['servign', 'serving'],
  ['Modle', 'model'],
  ['zebra', undefined],
])('%s most likely means %s', (wrong, meant) => {
  expect(nearestName(wrong, ['serving', 'model', 'engine'])).toBe(meant)
})
