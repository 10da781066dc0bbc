import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { withBooted } from '../e2e/booted.ts'
import { ingot, storyOf, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { pythonJson } from '../python.ts'
import { pythonPath } from '../tools/find.ts'
import { vllmOnCpu } from './vllm-cpu-model.ts'

let place: Workplace
let report: Report

/** A small model follows examples: the template shows two calls in the form that the parser reads. */
const text = `name: vllm-tools
model:
  name: vllm-tools
  license: Apache-2.0
  task: [chat, tools, structured]
  chatTemplate: hermes.jinja
  toolCallParser: hermes
engine: { id: vllm, version: ">=0.28 <0.34", device: cpu }
weights: { source: { type: folder, path: model } }
serving: { contextLength: 1024, dtype: float32, sharedMemory: 256MiB, apiKey: vllm-key }
verify: { startTimeoutSeconds: 1800 }
`

beforeAll(async () => {
  ;({ place } = await vllmOnCpu())
  await copyFile(join(import.meta.dirname, '../models/hermes.jinja'), join(place.folder, 'hermes.jinja'))
  const built = await ingot(['build', await writeRecipe(place, 'vllm-tools', text), '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  report = JSON.parse(built.stdout)[0]
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

test('vLLM with tools, schemas and a key is verified under the hostile profile, as two users', () => {
  const checks = report.boots.flatMap((boot) => boot.checks)
  expect(checks.flatMap(({ id, status }) => (status === 'passed' ? [] : [`${id} ${status}`]))).toEqual([
    'stop-loading skipped',
  ])
  expect(report.verdict).toBe('verified')
})

test.each([
  ...['chat', 'chat-stream', 'tools-forced', 'tools-auto', 'structured', 'structured-stream'],
  ...['key-none', 'key-wrong', 'key-unlogged'],
])('%s was asked in both boots and passed', (id) => {
  const found = report.boots.slice(0, 2).map(({ checks }) => checks.find((check) => check.id === id))
  expect(found.map((check) => check?.status)).toEqual(['passed', 'passed'])
  expect(found[0]?.required).toBe(true)
})

test('OpenAI and Hugging Face have clients that read calls, and JSON of a schema by the first, with the key alone', async () => {
  const clients = (script: string, ...args: string[]) =>
    pythonJson(pythonPath('clients'), [join(import.meta.dirname, '../e2e', script), ...args])
  const [skills, keyed] = await withBooted(place, report, async (url, key) => [
    await clients('skill-clients.py', url, 'vllm-tools', 'tools', key ?? ''),
    await clients('keyed-clients.py', url, 'vllm-tools', key ?? ''),
  ])
  const call = { name: 'get_weather', arguments: { city: expect.any(String), unit: expect.any(String) } }
  expect(skills).toMatchObject({ whole: call, streamed: call, huggingface: call })
  expect(keyed).toMatchObject({
    models: ['vllm-tools'],
    sky: { bright: expect.any(Boolean) },
    streamed: { bright: expect.any(Boolean) },
    huggingface: expect.any(String),
    without: { type: 'AuthenticationError', status: 401 },
  })
})
