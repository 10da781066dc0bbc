import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LibError } from '../../../lib/error.ts'
import { describeError, exitCodeOf } from '../../../pipelines/command-line/exit.ts'
import { tellFailure } from '../../../pipelines/command-line/failure.ts'
import { daggerErrorFrom } from '../../../pipelines/process/dagger-error.ts'
import { displayOf } from '../../../pipelines/settings/display.ts'

function systemError(code: string, syscall: string, more: object = {}): Error {
  return Object.assign(new Error(`${code}: said by the system, ${syscall}`), {
    code,
    syscall,
    errno: -1,
    ...more,
  })
}

test.each([
  ['ENOSPC', 'write', { path: '/d/f' }, 3, 'write /d/f', 'no space'],
  ['EDQUOT', 'write', { path: '/d/f' }, 3, 'write /d/f', 'quota'],
  ['EACCES', 'open', { path: '/d/f' }, 3, 'open /d/f', 'may not'],
  ['EROFS', 'mkdir', { path: '/d' }, 3, 'make the folder /d', 'read-only'],
  ['EISDIR', 'read', {}, 2, 'read a file', 'a folder'],
  ['ENOTDIR', 'scandir', { path: '/f/d' }, 2, 'list the folder /f/d', 'no folder'],
  ['EEXIST', 'mkdir', { path: '/f' }, 2, 'make the folder /f', 'this name'],
  ['ELOOP', 'stat', { path: '/l' }, 2, 'look at /l', 'circle'],
  ['ENAMETOOLONG', 'open', { path: '/n' }, 2, 'open /n', 'too long'],
  ['ENOENT', 'rename', { path: '/a', dest: '/b' }, 2, 'move /a to /b', 'no such file'],
  ['ENOENT', 'spawn flock', { path: 'flock' }, 2, 'run flock', 'no such file'],
  ['EMFILE', 'open', { path: '/a' }, 3, 'open /a', 'too many files'],
  ['EUNHEARDOF', 'open', { path: '/a' }, 3, 'open /a', 'EUNHEARDOF'],
  [
    'ECONNREFUSED',
    'connect',
    { address: '127.0.0.1', port: 9 },
    3,
    'connect to 127.0.0.1:9',
    'nobody listens',
  ],
])(
  '%s of %s is told without a stack, with what was attempted',
  (code, syscall, more, exit, attempted, found) => {
    const error = systemError(code, syscall, more)
    const text = describeError(error)
    expect(text).toContain(`could not ${attempted}\n  found: `)
    expect(text).toContain(found)
    expect(text).toMatch(/\n {2}to do: .{10}/)
    expect(text).not.toMatch(/^\s+at /m)
    expect(exitCodeOf(error)).toBe(exit)
  },
)

test('a fault of ingot’s own is one line, and its stack lies in a file of this user', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-failure-'))
  const before = process.cwd()
  process.chdir(folder)
  try {
    const text = tellFailure(new TypeError('x is not a function\nof many lines'), displayOf({}))
    expect(text).toContain('TypeError: x is not a function\n')
    expect(text).not.toMatch(/^\s+at /m)
    const [, file = ''] = /with what (\S+) says/.exec(text) ?? []
    expect(await readFile(file, 'utf8')).toMatch(/TypeError: x is not a function[\s\S]*\n\s+at /)
    expect((await stat(file)).mode & 0o077).toBe(0)
    expect(tellFailure(new TypeError('x'), displayOf({ INGOT_DEBUG: '1' }))).toMatch(/\n\s+at /)
    expect(tellFailure('a text', displayOf({}))).toContain('a text')
  } finally {
    process.chdir(before)
    await rm(folder, { recursive: true })
  }
})

/** As the SDK 0.21.8 throws them; the messages are the engine's own. */
function sdkError(name: string, code: string, message: string): Error {
  return Object.assign(new Error(message), { name, code })
}

test.each([
  [
    'a base image that is not there',
    'failed to resolve image "docker.io/library/nopenope:1" (platform: "linux/amd64"): docker.io/library/nopenope:1: not found',
    'pull the image docker.io/library/nopenope:1',
    'found: the registry has no such image\n',
  ],
  [
    'a registry that cannot be reached',
    'failed to resolve image "no-such-host.invalid/x/y:1" (platform: "linux/amd64"): failed to do request: Head "https://no-such-host.invalid/v2/x/y/manifests/1": dial tcp: lookup no-such-host.invalid: no such host',
    'pull the image no-such-host.invalid/x/y:1',
    'found: the engine said: failed to do request: Head',
  ],
  [
    'a name that is none',
    'failed to resolve identity inputs for Container.from: failed to parse image address UPPER CASE:..: invalid reference format',
    'have work done by the Dagger engine',
    'invalid reference format',
  ],
])('%s is told by the engine’s words, without a stack', (_, message, attempted, found) => {
  const error = new Error('around it', { cause: sdkError('GraphQLRequestError', 'D100', message) })
  expect(daggerErrorFrom(error)).toMatchObject({ code: 'engine-failed', failure: { attempted } })
  expect(describeError(error)).toContain(found)
  expect(exitCodeOf(error)).toBe(1)
})

test.each([
  ['D106', 'failed to download dagger cli binary: FetchError', 'dl.dagger.io'],
  ['D104', 'Engine connection timeout', 'ingot doctor'],
  ['D105', 'failed to connect', 'ingot doctor'],
])('a session that cannot be had (%s) lacks an engine', (code, message, hint) => {
  const error = sdkError('EngineSessionError', code, message)
  expect(describeError(error)).toContain(hint)
  expect(exitCodeOf(error)).toBe(3)
})

test('a program of another platform is told with the ways to an emulator; any other failure by its own words', () => {
  const failed = (stderr: string) =>
    Object.assign(new Error('exit code: 1'), {
      cmd: ['sh', '-ceu', 'apt-get update'],
      exitCode: 1,
      stdout: '',
      stderr,
    })
  const foreign = describeError(failed('fork/exec /usr/bin/sh: exec format error'))
  expect(foreign).toContain('starts no program of that platform')
  expect(foreign).toContain('npm run lab:emulation')
  expect(describeError(failed('E: no such package'))).not.toContain('platform')
})

test('what is not Dagger’s stays what it is', () => {
  expect(daggerErrorFrom(new Error('x'))).toBeUndefined()
  expect(daggerErrorFrom(systemError('ENOENT', 'open'))).toBeUndefined()
  const own = new LibError('bad-size', {
    attempted: 'a',
    found: 'b',
    hint: 'c',
    cause: sdkError('X', 'D100', 'y'),
  })
  expect(daggerErrorFrom(own)).toBeUndefined()
})
