import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DebianRegistry, startRegistry } from '../pipelines/publish/debian-registry.ts'
import { distributionSuite } from '../pipelines/publish/distribution-suite.ts'
import { runSeeds, tally, wrongOutcomes } from '../pipelines/publish/fault-runs.ts'
import { openPlace, type Place } from '../pipelines/publish/place.ts'

distributionSuite('registry')

describe('distribution 3.1.2 with injected faults', () => {
  let place: Place
  let registry: DebianRegistry

  beforeAll(async () => {
    place = await openPlace()
    registry = await startRegistry({ program: 'registry' })
  })

  afterAll(async () => {
    await Promise.all([place.close(), registry.close()])
  })

  test('120 publishes: no wrong outcome', async () => {
    const outcomes = await runSeeds(3000, 120, { store: place.store, origin: registry.origin })
    const faults = outcomes.flatMap((outcome) => outcome.faults)
    console.log(faults.length, tally(faults), tally(outcomes.map(({ result }) => result)))
    expect(wrongOutcomes(outcomes)).toEqual([])
    expect(faults.length).toBeGreaterThan(200)
  })
})
