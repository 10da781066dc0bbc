import { expect, test } from 'vitest'
import { stockPlanOf } from '../../images/gate/stock.ts'
import { planDigestOf, planImage } from '../../images/plan/plan.ts'
import { provenanceOf } from '../../images/report/provenance.ts'
import { hexOf } from '../../lib/digest.ts'
import type { FactoryLock, Lock } from '../../recipes/lock.ts'
import { factoryFor } from './engines/factory.ts'
import { lockFor, recipeFor } from './engines/fixtures.ts'
import { report as sampleReport } from './report-sample.ts'

const recipe = recipeFor('llama-cpp')
const planWith = (factory: FactoryLock) => planImage(recipe, { ...lockFor(recipe), factory })
const usual = planWith(factoryFor())

test.each([
  ['zstd of the packer', { packer: '2' }],
  ['the base, which has its tar', { base: '2' }],
])('another version of %s is another plan', (_, versions) => {
  expect(planDigestOf(planWith(factoryFor(versions)))).not.toBe(planDigestOf(usual))
})

test.each([
  ['what boots', { harness: '2' }],
  ['what compares', { comparer: '2' }],
  ['what takes programs out of wheels', { installer: '2' }],
])('another version of %s decides no byte, so it is the same plan', (_, versions) => {
  expect(planDigestOf(planWith(factoryFor(versions)))).toBe(planDigestOf(usual))
})

test('the plan says what packs, and nothing else changes by it', () => {
  const { packer, ...rest } = usual
  const { base, packer: packages } = factoryFor()
  expect(packer).toEqual({ type: 'debian', base, packages })
  expect(rest).toEqual(planImage(recipe, lockFor(recipe)))
})

test('a lock of ingot 0.1 gives the plan that it gave then', () => {
  expect('packer' in planImage(recipe, lockFor(recipe))).toBe(false)
})

test('the stock image for comparison is packed by the same', () => {
  expect(stockPlanOf(usual).packer).toEqual(usual.packer)
})

test('provenance names what packed the layers by its hash, where the lock pins it', () => {
  const input = { recipe, plan: usual, report: sampleReport(), builderId: 'urn:test', isUnverified: false }
  const said = (lock: Lock) => JSON.stringify(provenanceOf({ ...input, lock }))
  const factory = factoryFor()
  const pinned = said({ ...lockFor(recipe), factory })
  for (const { sha256 } of factory.packer) expect(pinned).toContain(sha256)
  expect(pinned).toContain(hexOf(factory.base.digest))
  for (const { sha256 } of factory.harness) expect(pinned).not.toContain(sha256)
  expect(said(lockFor(recipe))).not.toContain('zstd')
})
