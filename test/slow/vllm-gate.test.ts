import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runtimeOf } from '../../images/deployment.ts'
import { engineOf } from '../../images/engines.ts'
import type { GatePart } from '../../images/gate/result.ts'
import type { Report } from '../../images/report.ts'
import { mirrorOf } from '../../pipelines/index-mirror.ts'
import { installPython, resolvePython } from '../../pipelines/python.ts'
import { ingot, newWorkplace, type Run, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { readRecipe } from '../images/engines/fixtures.ts'
import { exportSmollm2 } from './smollm2-safetensors.ts'

let place: Workplace
let gated: Run
let report: Report

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
  const { source } = runtimeOf(readRecipe('smollm2-135m-vllm.yaml'), engineOf('vllm'))
  if (source.type !== 'python') throw new Error('vLLM for CPUs is a Python environment')
  await connect(async (client) => {
    const asked = { platform: 'linux/amd64', mirror: await mirrorOf(client, place.environment) }
    const now = new Date().toISOString()
    const lock = await resolvePython(client, source, '>=0.28 <0.34', { ...asked, now })
    const environment = await installPython(client, source, lock, asked)
    await exportSmollm2(client, environment, source.folder, join(place.folder, 'model'))
  })
  const recipe = await writeRecipe(place, 'smollm2-135m-vllm', text)
  expect((await ingot(['lock', recipe], place)).code).toBe(0)
  gated = await ingot(['gate', recipe, '--json'], place)
  expect(gated.stdout, gated.stderr).toContain('"gate"')
  report = JSON.parse(gated.stdout)
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

const partOf = (id: GatePart['id']) => report.gate?.parts.find((part) => part.id === id)

/** The slimmed image has neither installers nor tests nor symbols, and bytecode as the stock image has it. */
test.each(['files', 'loading', 'imports', 'answers'] as const)(
  'vLLM on a CPU, %s: as good as stock',
  (id) => {
    expect(partOf(id)?.status, JSON.stringify(partOf(id))).toBe('passed')
  },
)

test('start-up was measured; whether it is as fast, the exit code says', () => {
  process.stdout.write(`${report.gate?.parts.map(({ id, found }) => `${id}: ${found}`).join('\n')}\n`)
  expect(partOf('start-up')?.found).toMatch(/of stock \(medians of \d+ and \d+ boots\)$/)
  expect(gated.code).toBe(partOf('start-up')?.status === 'passed' ? 0 : 1)
})
