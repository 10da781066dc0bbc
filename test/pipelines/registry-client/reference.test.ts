import { expect, test } from 'vitest'
import {
  originOf,
  parsePushTarget,
  parseReference,
  repositoryOf,
} from '../../../pipelines/registry-client/reference.ts'

const digest = `sha256:${'ab'.repeat(32)}`

test.each([
  ['ghcr.io/acme/llm:1.4', { host: 'ghcr.io', name: 'acme/llm', tag: '1.4' }],
  ['ghcr.io/acme/llm', { host: 'ghcr.io', name: 'acme/llm' }],
  ['localhost:5000/a/b/c:x', { host: 'localhost:5000', name: 'a/b/c', tag: 'x' }],
  ['[::1]:5000/a:x', { host: '[::1]:5000', name: 'a', tag: 'x' }],
  ['Registry.Example:443/a', { host: 'Registry.Example:443', name: 'a' }],
  ['my_registry.local/a', { host: 'my_registry.local', name: 'a' }],
  ['localhost/a', { host: 'localhost', name: 'a' }],
  ['127.0.0.1:5000/a', { host: '127.0.0.1:5000', name: 'a' }],
  ['acme/llm:1', { host: 'registry-1.docker.io', name: 'acme/llm', tag: '1' }],
  ['llm', { host: 'registry-1.docker.io', name: 'library/llm' }],
  ['docker.io/llm:2', { host: 'registry-1.docker.io', name: 'library/llm', tag: '2' }],
  ['docker.io/acme/llm', { host: 'registry-1.docker.io', name: 'acme/llm' }],
  ['index.docker.io/acme/llm', { host: 'registry-1.docker.io', name: 'acme/llm' }],
])('%s', (text, expected) => {
  expect(parsePushTarget(text)).toEqual(expected)
})

test.each([
  ['x', 'docker.io/library/x'],
  ['acme/x:1', 'docker.io/acme/x'],
  ['docker.io/acme/x', 'docker.io/acme/x'],
  ['ghcr.io/acme/x', 'ghcr.io/acme/x'],
])('%s is pulled as %s, and read where it is written', (text, shown) => {
  const target = parsePushTarget(text)
  expect(repositoryOf(target)).toBe(shown)
  expect(parseReference(text)).toMatchObject({ host: target.host, name: target.name })
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
  './a',
  '../a/b',
  '.../a',
  ':5000/a',
  'host:port/a',
  'a.b.:1/c',
  'a..b/c',
  '[::1/a',
  'user@host.example/a',
])('refuses "%s"', (text) => {
  expect(() => parsePushTarget(text)).toThrow(expect.objectContaining({ code: 'bad-reference' }))
})

test('plain HTTP on this machine alone', () => {
  expect(originOf('localhost:5000')).toBe('http://localhost:5000')
  expect(originOf('127.0.0.1')).toBe('http://127.0.0.1')
  expect(originOf('localhost.example.com')).toBe('https://localhost.example.com')
  expect(originOf('ghcr.io')).toBe('https://ghcr.io')
})

test.each([
  ['ghcr.io/acme/m:v1', 'https://ghcr.io', 'acme/m', 'v1'],
  ['localhost:5000/m', 'http://localhost:5000', 'm', 'latest'],
  ['acme/m:v1', 'https://registry-1.docker.io', 'acme/m', 'v1'],
  ['busybox', 'https://registry-1.docker.io', 'library/busybox', 'latest'],
  [`ghcr.io/acme/m:v1@${digest}`, 'https://ghcr.io', 'acme/m', digest],
  [`busybox@${digest}`, 'https://registry-1.docker.io', 'library/busybox', digest],
])('%s is read at %s', (text, origin, name, version) => {
  const reference = parseReference(text)
  expect([originOf(reference.host), reference.name, reference.version]).toEqual([origin, name, version])
})

test.each([
  '',
  'UPPER/case',
  'ghcr.io/a:b c',
  'a//b',
  '-a',
  './a',
  '../a/b',
  '.../a',
  ':5000/a',
  'host:port/a',
  'a.b.:1/c',
  'a..b/c',
  '[::1/a',
  'user@host.example/a',
  'a@',
  'a@sha256:12',
  'a@latest',
  `a@${digest}@${digest}`,
])('reads nothing by "%s"', (text) => {
  expect(() => parseReference(text)).toThrow(
    expect.objectContaining({
      code: 'bad-reference',
      failure: expect.objectContaining({ hint: expect.any(String) }),
    }),
  )
})
