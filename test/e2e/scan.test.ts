import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
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

test('a token in the recipe’s environment fails the build with its place, and nothing gets a name', async () => {
  const text = readFileSync(demoRecipe, 'utf8').replace(
    'serving:\n',
    `serving:\n  environment: { LEAK: ${token} }\n`,
  )
  const recipe = await writeRecipe(place, 'leaking', text.replace(/^name: .*/m, 'name: leaking'))
  const run = await ingot(['build', recipe, '--no-verify'], place)
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('config.json: the secret of HF_TOKEN (plain)')
  expect(run.stderr).not.toContain(token)
  const { images } = JSON.parse((await ingot(['list', '--json'], place)).stdout)
  expect(images).toEqual([])
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
