import { expect, test } from 'vitest'
import { main } from '../../../pipelines/cli.ts'
import { readVolume } from '../../../pipelines/command-line/volume.ts'

test.each([
  [['build', 'a.yaml'], ['build', 'a.yaml'], 'usual'],
  [['build', '--quiet', 'a.yaml'], ['build', 'a.yaml'], 'quiet'],
  [['--verbose', 'build', 'a.yaml'], ['build', 'a.yaml'], 'verbose'],
  [['build', '--quiet', '--verbose'], ['build'], 'verbose'],
  [['build', '--', '--quiet'], ['build', '--', '--quiet'], 'usual'],
])('%j is %j, %s', (line, argv, volume) => {
  expect(readVolume(line)).toEqual({ argv, volume })
})

test.each(['--quiet', '--verbose'])('every command takes %s', async (flag) => {
  const out: string[] = []
  const code = await main(['version', flag], {
    stdout: (text) => void out.push(text),
    stderr: (text) => void out.push(text),
    environment: {},
    progress: { step: () => undefined, bytes: () => undefined, end: () => undefined, lanes: () => [] },
    signal: new AbortController().signal,
  })
  expect(code, out.join('')).toBe(0)
})

test('quiet leaves progress out and keeps errors', async () => {
  const err: string[] = []
  const steps: string[] = []
  const code = await main(['--quiet', 'plan', 'nothing.yaml'], {
    stdout: () => undefined,
    stderr: (text) => void err.push(text),
    environment: {},
    progress: {
      step: (text) => void steps.push(text),
      bytes: () => undefined,
      end: () => void steps.push('end'),
      lanes: () => [],
    },
    signal: new AbortController().signal,
  })
  expect(code).toBe(2)
  expect(err.join('')).toContain('there is no such file')
  expect(steps).toEqual([])
})
