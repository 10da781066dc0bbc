import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { planImage } from '../../../images/plan/plan.ts'
import type { Report } from '../../../images/report/report.ts'
import { runFactsOf } from '../../../images/run-files/facts.ts'
import { runFileFor } from '../../../images/run-files/generate.ts'
import { startAllowance } from '../../../images/run-files/start.ts'
import { engineIds } from '../../../recipes/engine-ids.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

const figures = { readyMs: undefined, weightsBytes: 0, recipeSeconds: 300, engineSeconds: 0 }

test.each([
  ['nothing known', {}, 300],
  ['141 GB that no boot read', { weightsBytes: 141e9 }, 300 + 1410],
  ['an engine that compiles', { engineSeconds: 600, weightsBytes: 16e9 }, 600 + 160],
  ['a recipe that waits longer', { recipeSeconds: 3600, engineSeconds: 600 }, 3600],
  ['a quick boot', { readyMs: 1000 }, 60],
  ['a slow boot', { readyMs: 100_000 }, 400],
  ['a boot with warm weights', { readyMs: 20_000, weightsBytes: 141e9 }, 20 + 1410],
  ['a slow boot of few weights', { readyMs: 200_000, weightsBytes: 1e9 }, 800],
])('%s: seconds for a start', (_, given, seconds) => {
  const allowed = startAllowance({ ...figures, ...given })
  expect(allowed.seconds).toBe(seconds)
  expect(allowed.origin).toContain(`${seconds} s are allowed`)
})

const noBoot = { boots: [] as Report['boots'] } as Report // Only the boots are read.

function factsFor(id: (typeof engineIds)[number], environment: Record<string, string> = {}) {
  const recipe = recipeFor(id, (draft) => {
    Object.assign(draft.serving.environment, environment)
  })
  return runFactsOf(planImage(recipe, lockFor(recipe)), noBoot, 'localhost/a@sha256:0')
}

function containerOf(facts: ReturnType<typeof factsFor>) {
  const [deployment] = parseAllDocuments(runFileFor('kubernetes', facts).content)
  return deployment?.toJS().spec.template.spec.containers[0]
}

test.each(engineIds)('%s: an unbooted image waits for its own start and its bytes, not a flat time', (id) => {
  const facts = factsFor(id)
  const { startupProbe } = containerOf(facts)
  const waits = startupProbe.initialDelaySeconds + startupProbe.periodSeconds * startupProbe.failureThreshold
  expect(waits).toBeGreaterThanOrEqual(facts.startSeconds)
  const bytes = recipeBytes(id)
  expect(facts.startSeconds).toBeGreaterThanOrEqual(Math.ceil(300 + bytes / 100e6))
})

function recipeBytes(id: (typeof engineIds)[number]): number {
  const recipe = recipeFor(id)
  return planImage(recipe, lockFor(recipe)).weights.sizeBytes
}

test('probes of SGLang generate nothing, unless the recipe wants it', () => {
  const name = 'SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION'
  expect(containerOf(factsFor('sglang')).env).toEqual([{ name, value: 'false' }])
  expect(containerOf(factsFor('sglang', { [name]: 'true' })).env).toBeUndefined()
  expect(containerOf(factsFor('vllm')).env).toBeUndefined()
})
