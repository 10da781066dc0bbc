import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { judgeRecipe } from '../../../images/plan/judge-recipe.ts'
import { planImage } from '../../../images/plan/plan.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'
import { columnOf, judged, recipeWith } from './judged.ts'

const gpuEngines = ['vllm', 'llama-cpp'] as const

test.each([
  ['dev.ingot.weights', 'of your own'],
  ['dev.ingot.plan', 'of your own'],
  ['DEV.ingot.new', 'of your own'],
  ['org.opencontainers.image.base.digest', 'image.base'],
  ['org.opencontainers.image.title', 'use name'],
  ['org.opencontainers.image.licenses', 'model.license'],
])('the label %s is refused: %s', (label, hint) => {
  const text = recipeWith('llama-cpp', 'image', `  labels:\n    ${label}: x`)
  expect(judged(text).problems).toMatchObject([
    { path: `image.labels.${label}`, ...columnOf(text, `${label}:`), hint: expect.stringContaining(hint) },
  ])
})

test('labels of people are free', () => {
  const lines = [
    'com.acme.team: x',
    'org.opencontainers.image.source: https://git.acme.example/x',
    'dev.ingotte: x',
  ]
  const text = recipeWith('llama-cpp', 'image', `  labels:\n${lines.map((line) => `    ${line}`).join('\n')}`)
  expect(judged(text).problems).toEqual([])
})

test.each<[string, 'problems' | 'doubts', string]>([
  ['h1000', 'problems', 'did you mean "h100"'],
  ['rtx4900', 'problems', 'did you mean'],
  ['l4O', 'problems', 'did you mean'],
  ['rtx-3070', 'doubts', 'target.gpu'],
  ['strix-halo', 'doubts', 'target.gpu'],
  ['some-new-board', 'doubts', 'target.gpu'],
])('target.gpu %s is one of the %s: %s', (gpu, kind, hint) => {
  const text = recipeWith('vllm', 'target', `  gpu: ${gpu}`)
  const found = judged(text)
  expect(found[kind]).toMatchObject([
    { path: 'target.gpu', ...columnOf(text, gpu), hint: expect.stringContaining(hint) },
  ])
  expect(found[kind][0]?.hint).not.toContain('--')
})

test('a GPU that the catalogue lacks is planned for, and the plan says what it cannot tell', () => {
  const recipe = recipeFor('vllm', ({ target }) => void Object.assign(target, { gpu: 'some-new-board' }))
  const { memory, config } = planImage(recipe, lockFor(recipe))
  expect(memory).toMatchObject({ outcome: 'cannot-tell', verdict: expect.stringContaining('some-new-board') })
  expect(config.Labels?.['dev.ingot.memory.fits']).toBe('unknown')
})

test.each<[EngineId, string, 'problems' | 'doubts']>([
  ['vllm', 'banana', 'problems'],
  ['vllm', 'fp8_e4m', 'problems'],
  ['llama-cpp', 'q8', 'problems'],
  ['llama-cpp', 'fp8', 'problems'],
  ['sglang', 'turbo3', 'doubts'],
])('%s: a cache of type %s is one of the %s', (id, type, kind) => {
  const text = recipeWith(id, 'serving', `  kvCacheDtype: ${type}`)
  expect(judged(text)[kind]).toMatchObject([{ path: 'serving.kvCacheDtype', ...columnOf(text, type) }])
})

test.each(gpuEngines)('%s plans every type of a cache that it knows', (id) => {
  for (const type of engineOf(id).reserved.kvCacheDtypes ?? []) {
    const recipe = recipeFor(id, (draft) => {
      draft.serving.kvCacheDtype = type
      draft.target.gpu = 'h100'
      draft.engine.device = 'cuda'
    })
    expect(judgeRecipe(recipe)).toEqual([])
    expect(planImage(recipe, lockFor(recipe)).config.Entrypoint?.join(' ')).toContain(type)
  }
})

test.each([
  ['gchr', 'did you mean ghcr'],
  ['ghcr.io', 'did you mean ghcr'],
  ['12 apples', '10GB'],
])('image.registry %s is refused: %s', (registry, hint) => {
  const text = recipeWith('llama-cpp', 'image', `  registry: ${registry}`)
  expect(judged(text).problems).toMatchObject([
    { path: 'image.registry', ...columnOf(text, registry), hint: expect.stringContaining(hint) },
  ])
})
