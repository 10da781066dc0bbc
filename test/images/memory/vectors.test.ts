import { describe, expect, test } from 'vitest'
import type { Check } from './vector.ts'
import { heldOut, vectors } from './vectors.ts'

describe.each([...vectors, ...heldOut])('$id $source', ({ checks }) => {
  test.each(checks())('$what', (check) => {
    if (typeof check.logged === 'boolean') expect(check.planned).toBe(check.logged)
    else expect(errorOf(check), `planned ${check.planned}, logged ${check.logged}`).toBeLessThanOrEqual(1)
  })
})

/** Distance from the log in units of what is allowed; exact checks allow only rounding of a double. */
function errorOf({ logged, planned, within = 0, steps = 0 }: Check): number {
  const allowed = Math.max(Math.abs(Number(logged)) * within, steps, 1e-9)
  return Math.abs(Number(planned) - Number(logged)) / allowed
}
