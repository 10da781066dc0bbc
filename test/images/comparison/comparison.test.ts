import { expect, test } from 'vitest'
import { compareUpdate, isSame } from '../../../images/comparison/comparison.ts'
import { compareLocks } from '../../../images/comparison/locks.ts'
import { compareReports } from '../../../images/comparison/reports.ts'
import { comparisonMarkdown, comparisonText } from '../../../images/comparison/text.ts'
import { lockFit } from '../../../images/plan/lock-fit.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { digestOf } from '../../../lib/digest.ts'
import type { DebianPackage } from '../../../recipes/debian-packages.ts'
import type { Lock } from '../../../recipes/lock.ts'
import { lockMadeFrom, rawRecipe, recipeOf } from '../../recipes/locked.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'
import { report as sampleReport } from '../report-sample.ts'

const recipe = recipeOf(rawRecipe('huggingface'))
const before = lockMadeFrom(recipe)

function withPackages(lock: Lock, change: (packages: DebianPackage[]) => DebianPackage[]): Lock {
  if (lock.runtime.type !== 'debian') throw new Error('llama.cpp comes from packages here')
  return { ...lock, runtime: { ...lock.runtime, packages: change(lock.runtime.packages) } }
}

const added = {
  name: 'libnew',
  version: '1',
  architecture: 'amd64',
  sizeBytes: 2_000_000,
  sha256: 'f'.repeat(64),
}

const after: Lock = {
  ...withPackages(before, (packages) => [
    ...packages.map((one) =>
      one.name === 'llama.cpp-tools' ? { ...one, version: '0.8.0-1', sizeBytes: 1_000_001 } : one,
    ),
    added,
  ]),
  engine: { id: 'llama-cpp', version: '0.8.0' },
  weights: { ...before.weights, license: 'mit' },
}

test('a lock and itself: nothing differs', () => {
  const same = compareUpdate(recipe, before, before)
  expect(isSame(same)).toBe(true)
  expect(comparisonText(same)).toBe('')
  expect(comparisonMarkdown(same)).toBe('')
})

test('an update of engine, packages and licence', () => {
  const found = compareUpdate(recipe, before, after)
  expect(found.refused).toBeUndefined()
  expect(found.lock?.pins).toEqual([
    { part: 'engine', what: 'engine', before: 'llama.cpp 0.7.0', after: 'llama.cpp 0.8.0' },
    { part: 'model', what: 'licence', before: 'not stated', after: 'mit' },
  ])
  expect(found.lock?.items.map(({ name, after: now }) => [name, now?.version])).toEqual([
    ['libnew', '1'],
    ['llama.cpp-tools', '0.8.0-1'],
  ])
  expect(found.plan?.causes.reduce((sum, one) => sum + one.afterBytes - one.beforeBytes, 0)).toBe(3_000_000)
  const text = comparisonText(found)
  expect(text).toContain('llama.cpp 0.7.0  llama.cpp 0.8.0')
  expect(text).toContain('2 changed, 3.0 MB to download, +3.0 MB in all')
})

test('a lock that the recipe refuses is told with the reason, and is a difference', () => {
  const gated: Lock = { ...before, weights: { ...before.weights, license: 'llama3.1' } }
  const found = compareUpdate(recipe, before, gated)
  expect(found.refused).toContain('model.acceptLicense')
  expect(isSame(found)).toBe(false)
  expect(comparisonText(found)).toContain('the recipe refuses this lock')
})

test('another commit, base, packer and set of files', () => {
  const other: Lock = {
    ...before,
    runtime: { ...before.runtime, base: { ...before.runtime.base, digest: digestOf('newer') } },
    weights: {
      ...before.weights,
      source: { type: 'huggingface', repo: 'acme/tiny', revision: 'v1', commit: 'd0'.repeat(20) },
      files: [{ path: 'other.gguf', sizeBytes: 20, sha256: 'b'.repeat(64) }],
      setDigest: digestOf('set'),
    },
  }
  const { pins, items } = compareLocks(before, other)
  expect(pins.map(({ part, what }) => `${part} ${what}`)).toEqual(['base base image', 'model model'])
  expect(pins[1]?.after).toMatch(/^acme\/tiny d0d0d0d0d0d0, set /)
  expect(
    items.map(({ name, before: one, after: two }) => [name, one !== undefined, two !== undefined]),
  ).toEqual([
    ['model.gguf', true, false],
    ['other.gguf', false, true],
  ])
})

test('names of others end no cell of a table, begin no tag and call nobody', () => {
  const hostile = withPackages(before, (packages) => [
    ...packages,
    { ...added, name: 'a|b', version: '<img src=x> @team `x`\n| y' },
  ])
  const rows = comparisonMarkdown(compareUpdate(recipe, before, hostile)).split('\n')
  const row = rows.find((line) => line.startsWith('| a'))
  expect(row).toBe('| a\\|b | none | &lt;img src=x> &#64;team \\`x\\` \\| y | +2.0 MB |')
})

test('a release of an official image takes the place of the one that is known, with a doubt', () => {
  const official = recipeFor('ollama', (one) => {
    one.engine.version = '*'
  })
  const known = lockFor(official)
  const tag = (version: string): Lock => ({
    ...known,
    engine: { ...known.engine, version },
    runtime: { ...known.runtime, base: { reference: `ollama/ollama:${version}`, digest: digestOf(version) } },
  })
  const runtimeKeys = (lock: Lock) =>
    lockFit(official, lock)
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('weights.'))
  expect(runtimeKeys(tag('0.32.99'))).toEqual([])
  expect(planImage(official, tag('0.32.99')).doubts?.join()).toContain(
    'ollama/ollama:0.32.99 is another release',
  )
  const foreign = {
    ...known,
    runtime: { ...known.runtime, base: { ...known.runtime.base, reference: 'a/b:0.32.99' } },
  }
  expect(runtimeKeys(foreign)).toContain('image.base')
  official.image.base = 'ollama/ollama:0.32.15'
  expect(runtimeKeys(tag('0.32.99'))).toContain('image.base')
})

test('reports: verdict, checks, sizes, and layers that a registry has already', () => {
  const report = sampleReport()
  const [first, ...others] = report.layers
  if (first === undefined) return expect.unreachable()
  const changed = { ...first, digest: digestOf('changed') }
  const found = compareReports(report, {
    ...report,
    verdict: 'failed',
    layers: [changed, ...others],
    boots: [],
  })
  expect(found.facts).toContainEqual({ what: 'verdict', before: report.verdict, after: 'failed' })
  expect(found.layers.map(({ digest, in: side }) => [digest, side])).toEqual([
    [first.digest, 'before'],
    [changed.digest, 'after'],
  ])
  expect(found.sharedBytes).toBe(others.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  expect(found.checks.every(({ after: result }) => result === 'not asked')).toBe(true)
  expect(isSame({ report: compareReports(report, report) })).toBe(true)
})
