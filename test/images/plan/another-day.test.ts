import { afterEach, expect, test, vi } from 'vitest'
import { engines } from '../../../images/engines/engines.ts'
import { planDigestOf, planImage } from '../../../images/plan/plan.ts'
import { formatLock, parseLock } from '../../../recipes/lock.ts'
import { trusted } from '../../recipes/certificate.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** What of a date depends on where the machine is. */
const local = [
  ...(['toString', 'toDateString', 'toTimeString', 'toLocaleString'] as const),
  ...(['toLocaleDateString', 'toLocaleTimeString'] as const),
]
const localNumbers = [
  'getTimezoneOffset',
  'getHours',
  'getDate',
  'getDay',
  'getMonth',
  'getFullYear',
] as const

/** A worker of the tests keeps the zone of its process, whatever TZ says later: so the place is told to dates themselves. */
function moveTo(place: number): void {
  for (const name of local) vi.spyOn(Date.prototype, name).mockReturnValue(`place ${place}`)
  for (const name of localNumbers) vi.spyOn(Date.prototype, name).mockReturnValue(place)
  vi.stubEnv('TZ', ['UTC', 'Asia/Kathmandu', 'America/St_Johns'][place] ?? 'UTC')
}

// It has ended on one of the days and not begun on another.
const trust = [trusted]

test.each(engines.map(({ id }) => id))(
  'a plan for %s is the same by other clocks and in other places',
  (id) => {
    const recipe = recipeFor(id)
    const lock = { ...lockFor(recipe), trust }
    const digests = ['1999-12-31T23:59:59Z', '2026-11-30T12:00:00Z', '2038-02-28T00:00:00+14:00'].map(
      (day, i) => {
        vi.useFakeTimers({ now: new Date(day), toFake: ['Date'] })
        moveTo(i)
        // The clock comes before all that a command does with a lock.
        const digest = planDigestOf(planImage(recipe, parseLock(formatLock(lock), 'x')))
        vi.unstubAllEnvs()
        return digest
      },
    )
    expect(new Set(digests).size).toBe(1)
  },
)
