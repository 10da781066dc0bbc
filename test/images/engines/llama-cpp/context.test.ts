import { expect, test } from 'vitest'
import { planImage } from '../../../../images/plan/plan.ts'
import { lockFor, recipeFor } from '../fixtures.ts'

function contextHeldBy(contextLength: number): unknown {
  const recipe = recipeFor('llama-cpp', ({ serving }) => {
    serving.contextLength = contextLength
  })
  const { probes } = planImage(recipe, lockFor(recipe)).verify.behaviour
  const expected = probes.find(({ id }) => id === 'prompt-too-long')?.expect
  const checks = expected?.type === 'json' ? expected.checks : []
  return checks.find(({ at }) => at === 'error.n_ctx')
}

test.each([
  [4096, { at: 'error.n_ctx', rule: 'equals', value: 4096 }],
  // The server rounds it up.
  [1000, undefined],
])(
  'a server asked for a context of %i tokens has to say so when it refuses a longer prompt',
  (length, check) => {
    expect(contextHeldBy(length)).toEqual(check)
  },
)
