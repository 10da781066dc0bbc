import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { figuresOf, loggedSummary } from '../../../tools/logged-starts.ts'
import { budgets, weights } from './budgets.ts'
import { bandOf, compare } from './judge.ts'
import type { LoggedCase } from './logged-case.ts'
import { givenPools } from './more-pools.ts'
import { slots } from './slots.ts'

describe.each([...givenPools, ...slots])('$id $source', (logged) => {
  test.each(compare(logged))('$figure is $logged', ({ agreement, planned, logged: value }) => {
    expect(agreement, `planned ${planned}, logged ${value}`).not.toBe('off')
  })
})

const compared = (cases: readonly LoggedCase[], name: string) =>
  figuresOf(cases).filter(({ figure }) => figure === name)

/** Logs with a kernel, a sampler or a quantiser that nothing on the command line tells. */
const outside: readonly string[] = ['N56', 'N04b']

test('pools with nothing told come within 2 %, but for what nobody told', () => {
  const off = compared(budgets, 'poolGiB').filter(({ agreement }) => agreement === 'off')
  expect(off.map(({ id }) => id)).toEqual(outside)
  expect(off.filter(({ certain }) => certain)).toEqual([])
})

test.each(budgets)('the band of $id holds the logged pool', (logged) => {
  const [low, high] = bandOf(logged)
  expect(logged.logged.poolGiB).toBeGreaterThanOrEqual(low)
  expect(logged.logged.poolGiB).toBeLessThanOrEqual(high)
})

test('weights of a configuration come within 1.5 %, or the answer is not certain', () => {
  const wrong = compared([...weights, ...budgets], 'weightsGiB').filter(
    ({ agreement, certain }) => agreement === 'off' && certain,
  )
  expect(wrong.map(({ id }) => id)).toEqual([])
})

test('docs/memory.md has the counts', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/memory.md'), 'utf8')
  const starts = new Set([...givenPools, ...slots, ...budgets, ...weights].map(({ id }) => id.split(' ')[0]))
  expect(page).toContain(`holds ${starts.size} further starts`)
  expect(page).toContain(`$ node test/tools/logged-starts.ts\n${loggedSummary().join('\n')}\n`)
})
