import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Check } from './vector.ts'
import { heldOut, vectors } from './vectors.ts'

describe.each([...vectors, ...heldOut])('$id $source', ({ checks }) => {
  test.each(checks())('$what', (check) => {
    if (typeof check.logged === 'boolean') expect(check.planned).toBe(check.logged)
    else expect(errorOf(check), `planned ${check.planned}, logged ${check.logged}`).toBeLessThanOrEqual(1)
  })
})

test('docs/memory.md has the counts', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/memory.md'), 'utf8')
  expect(page).toContain(
    `the ${vectors.length} logged cases the planner was written for and ${heldOut.length} that`,
  )
})

/** Distance from the log in units of what is allowed; exact checks allow only rounding of a double. */
function errorOf({ logged, planned, within = 0, steps = 0 }: Check): number {
  const allowed = Math.max(Math.abs(Number(logged)) * within, steps, 1e-9)
  return Math.abs(Number(planned) - Number(logged)) / allowed
}
