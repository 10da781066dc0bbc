import { appendFile, cp, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'
import { expectVerified } from './verified.ts'

const recipes = resolve(import.meta.dirname, '../../recipes')
const name = 'smollm2-135m-wrapper-llama-cpp'

let place: Workplace

beforeAll(async () => {
  place = await newWorkplace()
  await cp(join(recipes, `${name}.yaml`), join(place.folder, `${name}.yaml`))
  await cp(join(recipes, 'wrapper'), join(place.folder, 'wrapper'), { recursive: true })
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

test('a server around the engine is built, booted hostile and asked by its recipe as well', async () => {
  const run = await ingot(['build', join(place.folder, `${name}.yaml`), '--json'], place)
  expect(run.stdout, run.stderr).toMatch(/^\[/)
  const report: Report = JSON.parse(run.stdout)[0]
  const checks = report.boots.flatMap((boot) => boot.checks)
  expectVerified(report)
  for (const id of ['chat-stream', 'metrics', 'recipe-summary', 'recipe-summary-of-rtf'])
    expect(checks.filter((check) => check.id === id)).toHaveLength(2)

  const own = report.layers.filter(({ cause }) => cause === 'files of the recipe')
  expect(own).toHaveLength(1)
  const bytesOf = (cause: string) =>
    report.attribution?.causes.find((share) => share.cause === cause)?.sizeBytes ?? 0
  // Wheels are in it too.
  expect(bytesOf('own code')).toBeGreaterThan(1e6)
})

test('an edit of its code makes one layer anew, and asks no engine for it', async () => {
  const file = join(place.folder, `${name}.yaml`)
  const built = async () => {
    const run = await ingot(['build', file, '--no-verify', '--json'], place)
    expect(run.stdout, run.stderr).toMatch(/^\[/)
    return { layers: JSON.parse(run.stdout)[0].layers as Report['layers'], stderr: run.stderr }
  }
  const before = await built()
  await appendFile(join(place.folder, 'wrapper/src/server.py'), '# edited\n')
  const refused = await ingot(['build', file, '--no-verify'], place)
  expect(refused.stderr).toMatch(/image\.files\.0: the recipe says wrapper\/src\/server\.py: sha256/)
  await ingot(['lock', file], place)
  const after = await built()
  expect(after.stderr).not.toMatch(/ install | pack /)
  const known = new Set(before.layers.map(({ digest }) => digest))
  const changed = after.layers.filter(({ digest }) => !known.has(digest))
  expect(changed.map(({ cause }) => cause)).toEqual(['files of the recipe'])
})

test.each([
  [
    'a requirement',
    "python: ['fastapi==0.115.0', 'starlette>=1.0']",
    /fastapi==0\.115\.0 depends on starlette/,
  ],
  ['a package', 'system: [no-such-package-here]', /Unable to locate package no-such-package-here/],
])('%s that cannot be had is explained by its name', async (what, packages, words) => {
  const key = what.replaceAll(' ', '-')
  const text = (await readFile(join(place.folder, `${name}.yaml`), 'utf8'))
    .replace(`name: ${name}`, `name: ${key}`)
    .replace(/ {4}python: .*\n {4}system: .*\n/, `    ${packages}\n`)
  const run = await ingot(['lock', await writeRecipe(place, key, text)], place)
  expect(run.code).toBe(1)
  expect(run.stderr.replaceAll(/\s+/g, ' ')).toMatch(words)
  expect(run.stderr).toMatch(/image\.packages\.(python|system)/)
})
