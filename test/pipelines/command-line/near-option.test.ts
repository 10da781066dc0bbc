import { expect, test } from 'vitest'
import { requireOptions } from '../../../pipelines/command-line/near-option.ts'
import { tables } from '../../../pipelines/commands/tables/all.ts'

const tableOf = (name: string) => {
  const found = tables.find((table) => table.name === name)
  if (found === undefined) throw new Error(`no command ${name}`)
  return found
}

test.each([
  ['build', ['mine.yaml', '--no-verfy'], '--no-verfy; did you mean --no-verify?'],
  ['build', ['mine.yaml', '--prallel=2'], '--prallel; did you mean --parallel?'],
  ['list', ['--verbos'], '--verbos; did you mean --verbose?'],
  [
    'memory',
    ['m', '--tensor-paralel-size', '2'],
    '--tensor-paralel-size; did you mean --tensor-parallel-size?',
  ],
  ['plan', ['mine.yaml', '--gpus', 'all'], '--gpus'],
])('ingot %s %j', (name, argv, found) => {
  expect(() => requireOptions(argv, tableOf(name))).toThrow(
    expect.objectContaining({
      code: 'usage',
      failure: expect.objectContaining({ found: `there is no option ${found}` }),
    }),
  )
})

test.each([
  ['build', ['mine.yaml', '--no-verify', '--parallel=2', '--report', 'folder']],
  ['memory', ['m', '--tensor-parallel-size', '2', '--engine', 'vllm']],
  ['plan', ['--', '--no-option']],
  ['run', ['mine', '--ask=--what is this']],
])('ingot %s %j is left to the reader', (name, argv) => {
  expect(() => requireOptions(argv, tableOf(name))).not.toThrow()
})
