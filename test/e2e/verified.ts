import { expect } from 'vitest'
import type { Report } from '../../images/report/report.ts'

/** Every check passed, none skipped, in two hostile boots. */
export function expectVerified({ boots, verdict }: Report): void {
  const checks = boots.flatMap((boot) => boot.checks)
  expect(checks.filter((check) => check.status !== 'passed')).toEqual([])
  expect(verdict).toBe('verified')
  expect(boots.map(({ profile }) => profile)).toEqual(['hostile', 'hostile'])
}
