import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { keyGuardScript } from '../../../images/weights/key-guard.ts'
import { guardExitCode } from '../../../images/weights/mount-guard.ts'

const folder = mkdtempSync(join(tmpdir(), 'ingot-key-guard-'))
const script = join(folder, 'guard')
writeFileSync(script, keyGuardScript('TINY_API_KEY'))
afterAll(() => rmSync(folder, { recursive: true }))

function guarded(env: Record<string, string>) {
  const server = ['sh', '-c', 'echo "$TINY_API_KEY"']
  return spawnSync('sh', [script, ...server], {
    env: { PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
  })
}

function fileWith(text: string): { TINY_API_KEY_FILE: string } {
  const path = join(folder, `key-${Buffer.from(text).toString('hex')}`)
  writeFileSync(path, text)
  return { TINY_API_KEY_FILE: path }
}

test.each([
  ['a variable', { TINY_API_KEY: 'abc-123' }],
  ['a file that ends with a line break', fileWith('abc-123\n')],
  ['a file without one', fileWith('abc-123')],
  ['an empty variable beside a file', { TINY_API_KEY: '', ...fileWith('abc-123') }],
])('a key in %s reaches the server', (_, env) => {
  expect(guarded(env)).toMatchObject({ status: 0, stdout: 'abc-123\n', stderr: '' })
})

test.each([
  ['no key', {}, 'TINY_API_KEY is empty or not set'],
  ['an empty key', { TINY_API_KEY: '' }, 'TINY_API_KEY is empty or not set'],
  ['an empty file', fileWith(''), 'TINY_API_KEY is empty or not set'],
  ['a CR, as files of Windows have', fileWith('abc-123\r\n'), 'it holds a blank, a line break, a CR'],
  ['a blank', { TINY_API_KEY: 'abc 123' }, 'it holds a blank'],
  ['a line break', { TINY_API_KEY: 'abc\n123' }, 'it holds a blank, a line break'],
  ['what is no ASCII', { TINY_API_KEY: 'schlüssel' }, 'another character that no client can send'],
  ['a comma', { TINY_API_KEY: 'abc,123' }, 'without a comma, which servers take for two keys'],
  [
    'a file that is not there',
    { TINY_API_KEY_FILE: '/no/such/file' },
    'names a file that this user cannot read',
  ],
])('%s starts no server and says why', (_, env, words) => {
  const { status, stdout, stderr } = guarded(env)
  expect({ status, stdout }).toEqual({ status: guardExitCode, stdout: '' })
  expect(stderr).toContain(words)
  // A key that is wrong may be a right one with a slip: it is told to nobody.
  expect(stderr).not.toMatch(/abc|123|schl/)
})
