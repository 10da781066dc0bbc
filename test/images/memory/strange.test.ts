import { expect, test } from 'vitest'
import { MemoryError } from '../../../images/memory/error.ts'
import { findGpu } from '../../../images/memory/gpus.ts'
import { engineIds } from '../../../recipes/engine-ids.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import { modelFactsSchema } from '../../../recipes/model-facts.ts'
import configs from './configs.json' with { type: 'json' }
import { planFor } from './plan-for.ts'
import { type Random, randomOf } from './random.ts'

const odd = [null, 0, -1, 1.5, '', 'seven', [], [3, 'x'], {}, true, 1e9]

/** A public configuration with a few keys gone or turned into nonsense, nested ones too. */
function damaged(value: unknown, random: Random): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const chance = random.below(12)
      if (chance === 0) return []
      return [[key, chance === 1 ? random.pick(odd) : damaged(member, random)]]
    }),
  )
}

test.each(Array.from({ length: 150 }, (_, index) => index + 1))(
  'a damaged configuration, seed %i',
  (seed) => {
    const random = randomOf(seed)
    // A damaged object is still an object.
    const config = damaged(random.pick(Object.values(configs)), random) as Record<string, unknown>
    const facts = factsFromConfig(config)
    expect(() => modelFactsSchema.parse(facts)).not.toThrow()
    try {
      const plan = planFor({
        facts,
        engine: random.pick(engineIds),
        gpu: findGpu('l4'),
        maxModelLen: 4096,
      })
      expect(JSON.stringify(plan)).not.toMatch(/null,null|NaN|Infinity/)
    } catch (error) {
      expect(error).toBeInstanceOf(MemoryError)
    }
  },
)
