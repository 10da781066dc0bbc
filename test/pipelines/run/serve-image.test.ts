import { expect, test } from 'vitest'
import { endWords } from '../../../pipelines/run/serve-image.ts'

test.each([
  [{ type: 'stopped', stopped: { exitCode: 0, waitedMs: 1234 } }, 'stopped after 1.2 s, exit code 0'],
  [
    { type: 'stopped', stopped: { exitCode: null, waitedMs: 30_000 } },
    'stopped by force: it did not end when it was told',
  ],
  [{ type: 'stopped', stopped: null }, 'stopped: what it ran in ended with the command'],
  [
    { type: 'ended', exitCode: 1, log: 'out of memory' },
    'the server ended by itself with exit code 1\nout of memory',
  ],
] as const)('%j is told as: %s', (end, words) => {
  expect(endWords(end)).toBe(words)
})
