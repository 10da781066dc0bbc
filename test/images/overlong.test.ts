import { expect, test } from 'vitest'
import { planImage } from '../../images/plan/plan.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { questionBody } from '../../pipelines/verify/exchange.ts'
import type { EngineId } from '../../recipes/engine-ids.ts'
import { limits } from '../../recipes/limits.ts'
import { chatEngineIds, lockFor, recipeFor } from './engines/fixtures.ts'

function planOf(id: EngineId, contextLength: number) {
  const recipe = recipeFor(id, ({ serving }) => void Object.assign(serving, { contextLength }))
  return planImage(recipe, lockFor(recipe))
}

test.each(chatEngineIds)('%s: the plan does not grow with the length of the context', (id) => {
  // A plan holds JSON values only; interfaces without an index signature need the cast.
  const size = (contextLength: number) => canonicalJson(planOf(id, contextLength) as unknown as Json).length
  expect(size(limits.tokens)).toBeLessThan(100_000)
  expect(size(10_485_760) - size(16_384)).toBeLessThan(200)
})

test.each([2048, 8192, 8193, 131_072])('a prompt of more than %i words is sent', (contextLength) => {
  const { probes } = planOf('vllm', contextLength).verify.behaviour
  const request = probes.find(({ id }) => id === 'prompt-too-long')?.request
  const body = JSON.parse((request && questionBody(request)) ?? '{}')
  expect(body).toMatchObject({ model: 'smollm2-135m-instruct', max_tokens: 1, temperature: 0 })
  expect(body.messages).toMatchObject([{ role: 'user' }])
  expect(body.messages[0].content.trim().split(' ')).toHaveLength(contextLength + 64)
})
