import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type ImagePlan, planImage } from '../../../images/plan/plan.ts'
import { keepRuntime, knownRuntime } from '../../../pipelines/build/runtime.ts'
import { parseHelpers } from '../../../pipelines/software/factory.ts'
import type { FactoryLock } from '../../../recipes/lock.ts'
import { factoryFor } from '../../images/engines/factory.ts'
import { lockFor, recipeFor } from '../../images/engines/fixtures.ts'
import { scratchStore } from '../../scratch.ts'

const root = resolve(import.meta.dirname, '../../../pipelines')
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)

test('one listing gives the packages of every helper', () => {
  const line = (name: string) => `'http://m/${name}.deb' ${name}_1_amd64.deb 9 SHA256:${'a'.repeat(64)}\n`
  const listing = [
    `helper packer\n${line('zstd')}${line('pax-utils')}`,
    `helper harness\n${line('runc')}`,
    'helper comparer\n',
    `helper installer\n${line('python3-pip')}`,
  ].join('')
  const names = Object.entries(parseHelpers(listing)).map(([helper, packages]) => [
    helper,
    packages.map(({ name }) => name),
  ])
  expect(names).toEqual([
    ['packer', ['pax-utils', 'zstd']],
    ['harness', ['runc']],
    ['comparer', []],
    ['installer', ['python3-pip']],
  ])
})

test('nothing else installs packages: a container with apt of its own would be pinned by nobody', () => {
  const installing = sources.filter((name) => /apt-get|apk add/.test(readFileSync(join(root, name), 'utf8')))
  expect(installing.map((name) => name.slice(name.lastIndexOf('/') + 1)).sort()).toEqual([
    'debian.ts',
    'factory.ts',
  ])
})

test('nothing else names an image by a tag', () => {
  const naming = sources.filter((name) =>
    /['"`](debian|ubuntu|alpine|busybox|python):/.test(readFileSync(join(root, name), 'utf8')),
  )
  expect(naming.map((name) => name.slice(name.lastIndexOf('/') + 1))).toEqual(['factory.ts'])
})

test.each([
  ['the same packer', {}, true],
  ['another harness', { harness: '2' }, true],
  ['another zstd', { packer: '2' }, false],
  ['another base of the packer', { base: '2' }, false],
])('layers that are kept are taken again by %s: %o, %s', async (_, versions, taken) => {
  const recipe = recipeFor('llama-cpp')
  const planned = (factory: FactoryLock): ImagePlan => planImage(recipe, { ...lockFor(recipe), factory })
  const store = await scratchStore()
  const built = { layers: [], tree: { missing: [], stockBytes: 1, keptBytes: 1, removals: [] } }
  // No more of a tree is read back than was kept.
  await keepRuntime(store, planned(factoryFor()), built as never)
  const known = await knownRuntime(store, planned(factoryFor(versions)))
  expect(known).toEqual(taken ? built : undefined)
})
