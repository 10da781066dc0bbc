import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'

let place: Workplace
let recipes: string

beforeAll(async () => {
  place = await newWorkplace()
  recipes = join(place.folder, 'recipes')
  await mkdir(recipes)
  await writeFile(join(recipes, '_demo.yaml'), await readFile(demoRecipe, 'utf8'))
  const text = 'extends: _demo.yaml\nname: demo\nmatrix:\n  parallelism: [1, 2]\n'
  await writeFile(join(recipes, 'demo.yaml'), text)
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

test('a folder with a matrix is locked and built: one image a combination, and the weights once', async () => {
  const run = await ingot(['build', 'recipes', '--no-verify', '--json'], place)
  expect(run.code, run.stderr).toBe(0)
  const reports = JSON.parse(run.stdout)
  expect(reports.map(({ name }: { name: string }) => name).sort()).toEqual(['demo-1', 'demo-2'])
  const weights = reports.map(({ layers }: { layers: { part: string; digest: string }[] }) =>
    layers.filter(({ part }) => part === 'weights').map(({ digest }) => digest),
  )
  expect(weights[0]).toEqual(weights[1])
  const locks = await readdir(join(place.folder, 'locks'))
  expect(locks.map((name) => basename(name).replace(/-[0-9a-f]{12}\.lock\.json$/, '')).sort()).toEqual([
    'demo-1',
    'demo-2',
  ])
  const listed = JSON.parse((await ingot(['list', '--json'], place)).stdout)
  expect(listed.images.map(({ name }: { name: string }) => name).sort()).toEqual([
    'demo-1:latest',
    'demo-2:latest',
  ])
})

test('one of them is named as FILE#NAME, by its name in the store, and compared with the other', async () => {
  const diff = await ingot(['diff', 'demo-1', 'recipes/demo.yaml#demo-2', '--json'], place)
  expect(diff.code, diff.stderr).toBe(0)
  const { lock, plan, report } = JSON.parse(diff.stdout)
  expect(lock).toEqual({ pins: [], items: [] })
  expect(plan.settings.map(({ what }: { what: string }) => what).join()).toContain('parallel')
  expect(report.sharedBytes).toBeGreaterThan(98_000_000)
})
