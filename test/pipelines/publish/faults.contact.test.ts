import { afterAll, beforeAll, expect, test } from 'vitest'
import { runSeeds, wrongOutcomes } from './fault-runs.ts'
import { openPlace, type Place } from './place.ts'

let place: Place

beforeAll(async () => {
  place = await openPlace()
})

afterAll(() => place.close())

// The whole matrix, against registries of others as well, is in test/contact/publish.test.ts.
test('32 publishes with injected faults: whole under both tags, or a clear error and no incomplete tag', async () => {
  const outcomes = await runSeeds(0, 32, { store: place.store, origin: place.registry.url })
  expect(wrongOutcomes(outcomes)).toEqual([])
  const hit = outcomes.filter(({ faults }) => faults.length > 0)
  expect(hit.filter(({ result }) => result === 'published').length).toBeGreaterThan(15)
  expect(hit.filter(({ result }) => result !== 'published').length).toBeGreaterThan(0)
}, 120_000)
