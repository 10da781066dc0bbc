import { expect, test } from 'vitest'
import { lockFit } from '../../../images/plan/lock-fit.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Lock } from '../../../recipes/lock.ts'
import {
  lockRenewal,
  type UpdatablePart,
  updatableParts,
  updateRenewal,
} from '../../../recipes/lock-renewal.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

test.each<[EngineId, EngineId, boolean]>([
  ['vllm', 'llama-cpp', true],
  ['llama-cpp', 'vllm', true],
  ['vllm', 'tgi', true],
  ['tgi', 'tensorrt-llm', false],
  ['ollama', 'llama-cpp', false],
])('from %s to %s files are listed again: %s', (before, after, isListed) => {
  const lock = lockFor(recipeFor(before))
  const found = lockFit(recipeFor(after), lock).find(({ path }) => path === 'engine.id')
  expect(found?.renews.includes('files')).toBe(isListed)
})

test('files of one commit are listed again, and archives and addresses are resolved again', () => {
  const lock = lockFor(recipeFor('vllm'))
  const files = [{ path: 'engine.id', recipe: '"x"', lock: '"y"', renews: ['files'] as const }]
  const commit = 'ab'.repeat(20)
  const hub = { type: 'huggingface', repo: 'a/b', revision: 'main', commit } as const
  const oci = { type: 'oci', reference: 'a/b', digest: `sha256:${'ab'.repeat(32)}` } as const
  const renewalOf = (source: typeof hub | typeof oci) =>
    lockRenewal({ ...lock, weights: { ...lock.weights, source } }, files).weights
  expect(renewalOf(hub)).toBe('listed')
  expect(renewalOf(oci)).toBe('resolved')
})

test('a lock that lost the package of its engine fits no recipe', () => {
  const recipe = recipeFor('llama-cpp')
  const lock = lockFor(recipe)
  if (lock.runtime.type !== 'debian') throw new Error('llama.cpp comes from packages here')
  const packages = lock.runtime.packages.filter(({ name }) => !name.startsWith('llama.cpp'))
  const words = (fitted: Lock) => lockFit(recipe, fitted).map((difference) => difference.lock)
  expect(words(lock).join()).not.toContain('no package')
  expect(words({ ...lock, runtime: { ...lock.runtime, packages } }).join()).toContain('no package')
})

test.each<[readonly UpdatablePart[], Partial<ReturnType<typeof updateRenewal>>]>([
  [['engine'], { runtime: true, keeps: 'base', modelcar: false, weights: 'kept', beside: false }],
  [['base'], { runtime: true, keeps: 'engine', modelcar: true, weights: 'kept' }],
  [['model'], { runtime: false, modelcar: false, weights: 'resolved', parts: true, beside: true }],
  [updatableParts, { runtime: true, modelcar: true, weights: 'resolved', beside: true }],
])('an update of %s resolves what it says and keeps the rest', (parts, renewal) => {
  expect(updateRenewal(parts)).toMatchObject(renewal)
  expect('keeps' in updateRenewal(parts)).toBe('keeps' in renewal)
})
