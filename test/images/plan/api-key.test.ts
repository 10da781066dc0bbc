import { expect, test } from 'vitest'
import { PlanError } from '../../../images/error.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { runFactsOf } from '../../../images/run-files/facts.ts'
import { runFileFor } from '../../../images/run-files/generate.ts'
import { anywhere } from '../../../images/run-files/placement.ts'
import { fileTargets } from '../../../images/run-files/targets.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'
import { report } from '../report-sample.ts'

function planWith(id: EngineId, apiKey: boolean | string, delivery: 'baked' | 'mounted' = 'baked') {
  const recipe = recipeFor(id, (draft) => {
    draft.serving.apiKey = apiKey
    draft.weights.delivery = delivery
  })
  return planImage(recipe, lockFor(recipe))
}

test.each([
  ['llama-cpp', 'LLAMA_API_KEY'],
  ['vllm', 'VLLM_API_KEY'],
  ['tgi', 'API_KEY'],
] as const)('%s reads its key from %s, behind a guard, and the plan holds none', (id, variable) => {
  const { config, verify, settings, policy } = planWith(id, true)
  expect(verify.apiKey).toMatchObject({ variable })
  expect(config.Entrypoint?.join(' ')).toContain('/bin/sh /usr/local/lib/ingot/key-guard /')
  expect(settings.map(({ path }) => path)).toContain('/usr/local/lib/ingot/key-guard')
  expect(policy.shells.join()).toContain('the guard that wants a key')
  expect(config.Env?.join()).not.toContain(variable)
  expect(config.Entrypoint).not.toContain('--api-key')
})

test('both guards stand before the server, and lie in one folder', () => {
  const { config, settings } = planWith('llama-cpp', true, 'mounted')
  const guards = config.Entrypoint?.filter((part) => part.startsWith('/usr/local/lib/ingot'))
  expect(guards).toEqual(['/usr/local/lib/ingot/key-guard', '/usr/local/lib/ingot/weights-guard'])
  const paths = settings.map(({ path }) => path)
  expect(new Set(paths).size).toBe(paths.length)
})

test.each(['ollama', 'sglang', 'tensorrt-llm'] as const)('%s is refused, with what takes a key', (id) => {
  try {
    planWith(id, true)
    expect.fail('nothing was refused')
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    expect(error.failure.found).toContain('serving.apiKey')
    expect(error.failure.hint).toContain('use vllm, tgi, llama-cpp')
  }
})

test('without the key in the recipe nothing of it is in the plan', () => {
  const plan = planWith('llama-cpp', false)
  expect(plan.verify).not.toHaveProperty('apiKey')
  expect(JSON.stringify(plan.config)).not.toContain('key-guard')
})

test.each(fileTargets)('%s takes the key from a secret and asks with it', (target) => {
  const facts = (apiKey: boolean | string) =>
    runFactsOf(planWith('llama-cpp', apiKey), report(), 'localhost/a@sha256:0')
  const { content } = runFileFor(target, facts(true), anywhere)
  expect(content).toContain('LLAMA_API_KEY')
  expect(content).toContain('authorization: Bearer $LLAMA_API_KEY')
  const secret = { kubernetes: /name: keys\n\s+key: api-key/, quadlet: /^Secret=keys-api-key,/m }[
    target as string
  ]
  expect(runFileFor(target, facts('keys'), anywhere).content).toMatch(secret ?? /LLAMA_API_KEY/)
  expect(runFileFor(target, facts(false), anywhere).content).not.toContain('LLAMA_API_KEY')
})
