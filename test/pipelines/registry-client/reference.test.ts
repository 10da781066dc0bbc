import { expect, test } from 'vitest'
import { originOf, parseTarget, repositoryOf } from '../../../pipelines/registry-client/reference.ts'
import { parseOciReference } from '../../../pipelines/weights/oci-reference.ts'

test.each([
  ['ghcr.io/acme/llm:1.4', { host: 'ghcr.io', name: 'acme/llm', tag: '1.4' }],
  ['ghcr.io/acme/llm', { host: 'ghcr.io', name: 'acme/llm' }],
  ['localhost:5000/a/b/c:x', { host: 'localhost:5000', name: 'a/b/c', tag: 'x' }],
  ['localhost/a', { host: 'localhost', name: 'a' }],
  ['127.0.0.1:5000/a', { host: '127.0.0.1:5000', name: 'a' }],
  ['acme/llm:1', { host: 'registry-1.docker.io', name: 'acme/llm', tag: '1' }],
  ['llm', { host: 'registry-1.docker.io', name: 'library/llm' }],
  ['docker.io/llm:2', { host: 'registry-1.docker.io', name: 'library/llm', tag: '2' }],
  ['docker.io/acme/llm', { host: 'registry-1.docker.io', name: 'acme/llm' }],
  ['index.docker.io/acme/llm', { host: 'registry-1.docker.io', name: 'acme/llm' }],
])('%s', (text, expected) => {
  expect(parseTarget(text)).toEqual(expected)
})

test.each([
  ['x', 'docker.io/library/x'],
  ['acme/x:1', 'docker.io/acme/x'],
  ['docker.io/acme/x', 'docker.io/acme/x'],
  ['ghcr.io/acme/x', 'ghcr.io/acme/x'],
])('%s is pulled as %s, and read where it is written', (text, shown) => {
  const target = parseTarget(text)
  expect(repositoryOf(target)).toBe(shown)
  expect(parseOciReference(text)).toMatchObject({ host: target.host, name: target.name })
})

test.each([
  '',
  'UPPER/case',
  'ghcr.io/',
  'ghcr.io/a:',
  'ghcr.io/a:b c',
  `ghcr.io/a@sha256:${'0'.repeat(64)}`,
  'a//b',
  '-a',
])('refuses "%s"', (text) => {
  expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'bad-reference' }))
})

test('plain HTTP on this machine alone', () => {
  expect(originOf('localhost:5000')).toBe('http://localhost:5000')
  expect(originOf('127.0.0.1')).toBe('http://127.0.0.1')
  expect(originOf('localhost.example.com')).toBe('https://localhost.example.com')
  expect(originOf('ghcr.io')).toBe('https://ghcr.io')
})
