import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { toolPath } from '../tools/find.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'

const token = ['hf', 'zQxWcEvRbTnYmUkIlOpAsDfGhJ0123456789'].join('_')
let place: Workplace

beforeAll(async () => {
  place = await newWorkplace()
  place.environment['HF_TOKEN'] = token
  place.environment['INGOT_GITLEAKS'] = toolPath('gitleaks')
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

/** A recipe with a variable that holds a text. */
async function leaking(value: string): Promise<string> {
  const text = readFileSync(demoRecipe, 'utf8').replace(
    'serving:\n',
    `serving:\n  environment: { LEAK: ${value} }\n`,
  )
  return writeRecipe(place, 'leaking', text.replace(/^name: .*/m, 'name: leaking'))
}

test('a token in the recipe’s environment is refused before anything is built, and is not shown', async () => {
  const run = await ingot(['build', await leaking(token), '--no-verify'], place)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain('serving.environment.LEAK: a Hugging Face token stands in the recipe')
  expect(run.stderr).not.toContain(token)
})

test('a secret of the run without a form of its own fails the build with its place, and nothing gets a name', async () => {
  const secret = 'correct-horse-battery-staple'
  const at = { ...place, environment: { ...place.environment, OTHER_PASSWORD: secret } }
  const run = await ingot(['build', await leaking(secret), '--no-verify'], at)
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('config.json: the secret of OTHER_PASSWORD (plain)')
  expect(run.stderr).not.toContain(secret)
  const { images } = JSON.parse((await ingot(['list', '--json'], place)).stdout)
  expect(images).toEqual([])
})

test('a secret of the run in a folder of weights: the folder is not locked; in its file by name, neither', async () => {
  const folder = join(place.folder, 'weights')
  await mkdir(folder)
  await writeFile(join(folder, 'model.gguf'), 'GGUF')
  await writeFile(join(folder, 'notes.txt'), `x ${token}`)
  const text = readFileSync(demoRecipe, 'utf8').replace(
    / {2}source:\n(?: {4}.*\n)+/,
    `  source: { type: folder, path: ${folder} }\n`,
  )
  const recipe = await writeRecipe(place, 'folder', text)
  const first = await ingot(['lock', recipe], place)
  expect(first.code).not.toBe(0)
  expect(first.stderr).toContain('notes.txt: the secret of HF_TOKEN')
  await rename(join(folder, 'notes.txt'), join(folder, '.env'))
  const second = await ingot(['lock', recipe], place)
  expect(second.code).toBe(2)
  expect(second.stderr).toContain('.env')
  expect(first.stderr + second.stderr).not.toContain(token)
})

test('packing drops setuid bits: a base that has such programs leaves none in the layers', async () => {
  const recipe = await writeRecipe(place, 'stock', readFileSync(demoRecipe, 'utf8'))
  const run = await ingot(['build', recipe, '--no-verify', '--no-slim', '--json'], place)
  expect(run.code, run.stderr).toBe(0)
  const [report]: Report[] = JSON.parse(run.stdout)
  // With nothing removed, su, mount and passwd are among them.
  expect(report?.scan?.entries).toBeGreaterThan(2000)
  expect(report?.scan).toMatchObject({ setuid: [], gitleaks: true, searchedFor: ['HF_TOKEN'] })
  expect(report?.scan?.shells).toEqual(expect.arrayContaining(['/usr/bin/bash', '/usr/bin/dash']))
})

test('the slimmed image has no shell; scanned again it says the same', async () => {
  const recipe = await writeRecipe(place, 'slim', readFileSync(demoRecipe, 'utf8'))
  const run = await ingot(['build', recipe, '--no-verify', '--json'], place)
  expect(run.code, run.stderr).toBe(0)
  const [report]: Report[] = JSON.parse(run.stdout)
  expect(report?.scan).toMatchObject({ setuid: [], worldWritable: [], shells: [], gitleaks: true })
  const again = await ingot(['scan', recipe, '--json'], place)
  expect(JSON.parse(again.stdout)).toEqual(report?.scan)
})
