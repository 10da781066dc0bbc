import { expect, test } from 'vitest'
import { isSameLine, releasesOf, tagFormOf, taggedImage } from '../../recipes/release-tags.ts'

test.each([
  ['v0.31.0', { prefix: 'v', suffix: '' }],
  ['v0.31.0-cu129', { prefix: 'v', suffix: '-cu129' }],
  ['0.32.15', { prefix: '', suffix: '' }],
  ['v0.5.21.post1-runtime', { prefix: 'v', suffix: '-runtime' }],
  ['1.2.0rc3', { prefix: '', suffix: 'rc3' }],
  ['server-cuda13', undefined],
  ['latest', undefined],
])('the form of %s', (tag, form) => {
  expect(tagFormOf(tag)).toEqual(form)
})

test('releases of one form, the newest first; previews, other builds and digests are none', () => {
  const tags = [
    'latest',
    'v0.9.0',
    'v0.31.0',
    'v0.31.1',
    'v0.31.0.post2',
    'v0.31.0.post10',
    'v0.40.0rc1',
    'v0.33.0-cu129',
    'nightly-0.50.0',
    '0.60.0',
    'v1.2',
  ]
  expect(releasesOf({ prefix: 'v', suffix: '' }, tags).map(({ tag }) => tag)).toEqual([
    'v0.31.1',
    'v0.31.0.post10',
    'v0.31.0.post2',
    'v0.31.0',
    'v0.9.0',
  ])
})

test.each([
  ['vllm/vllm-openai:v0.31.0', 'vllm/vllm-openai:v0.33.0', true],
  ['vllm/vllm-openai:v0.31.0', 'vllm/vllm-openai:v0.33.0-cu129', false],
  ['vllm/vllm-openai:v0.31.0', 'other/vllm-openai:v0.33.0', false],
  ['a/b:server-cuda', 'a/b:server-cuda', true],
  ['a/b:server-cuda', 'a/b:server-cuda13', false],
  ['localhost:5000/a:1.0.0', 'localhost:5000/a:1.0.1', true],
  ['localhost:5000/a', 'localhost:5000/b', false],
])('%s and %s are one line: %s', (one, other, expected) => {
  expect(isSameLine(one, other)).toBe(expected)
})

test('a reference by digest, or without a tag, has none that could move', () => {
  expect(taggedImage('localhost:5000/a')).toBeUndefined()
  expect(taggedImage(`a/b:1.0.0@sha256:${'0'.repeat(64)}`)).toBeUndefined()
  expect(taggedImage('localhost:5000/a:1.0.0')).toEqual({ repository: 'localhost:5000/a', tag: '1.0.0' })
})
