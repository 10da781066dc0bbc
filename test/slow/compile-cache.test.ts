import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileCacheCause } from '../../images/oci/layer-causes.ts'
import type { Report } from '../../images/report/report.ts'
import { ingot, storyOf, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { vllmOnCpu } from './vllm-cpu-model.ts'

let place: Workplace
let recipe: string
let report: Report

const text = `name: vllm-compiled
model: { name: smollm2-135m-instruct, license: Apache-2.0 }
engine: { id: vllm, version: ">=0.28 <0.34", device: cpu }
weights: { source: { type: folder, path: model } }
image: { compileCache: true }
serving: { contextLength: 512, dtype: float32, sharedMemory: 256MiB }
verify: { startTimeoutSeconds: 1800 }
`

beforeAll(async () => {
  ;({ place } = await vllmOnCpu())
  recipe = await writeRecipe(place, 'vllm-compiled', text)
  report = await built()
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

async function built(): Promise<Report> {
  const run = await ingot(['build', recipe, '--json'], place)
  expect(run.code, storyOf(run)).toBe(0)
  return JSON.parse(run.stdout)[0]
}

const layerCheck = ({ checks }: Report) => checks.find(({ id }) => id === 'compile-cache-layer')?.observed
const cacheChecks = ({ boots }: Report) =>
  boots.map(({ checks }) => checks.find(({ id }) => id === 'compile-cache'))

test('the image holds what a boot compiled, and no boot of it compiles anything', async () => {
  expect(layerCheck(report)).toMatch(
    /^[1-9]\d* files, .* taken from a boot; the boot that compiled them was ready after/,
  )
  for (const check of cacheChecks(report))
    expect(check?.observed).toMatch(/^hit: nothing was compiled; [1-9]/)
  expect(report.boots.map(({ readyAfterMs }) => readyAfterMs)).toEqual([
    expect.any(Number),
    expect.any(Number),
  ])
  expect(report.verdict).toBe('verified')
  // Start to first token, without and with the layer.
  console.log(
    layerCheck(report),
    report.boots.map(({ readyAfterMs }) => readyAfterMs),
  )
})

test('the layer tells nothing of this machine', async () => {
  const layer = report.layers.find(({ cause }) => cause === compileCacheCause)
  const path = join(place.store, 'blobs/sha256', layer?.digest.slice('sha256:'.length) ?? '')
  const content = zstdDecompressSync(await readFile(path)).toString('latin1')
  for (const own of [place.folder, import.meta.dirname, process.cwd()])
    expect(content.includes(own), own).toBe(false)
})

test('another length compiles anew: what is stale is not taken', async () => {
  const shorter = text
    .replace('contextLength: 512', 'contextLength: 256')
    .replace('verify: {', 'verify: { profiles: [plain],')
  await writeFile(recipe, shorter)
  const other = await built()
  expect(layerCheck(other)).toMatch(/taken from a boot/)
  for (const check of cacheChecks(other)) expect(check?.observed).toMatch(/^hit/)
  const layerOf = ({ layers }: Report) => layers.find(({ cause }) => cause === compileCacheCause)?.digest
  expect(layerOf(other)).not.toBe(layerOf(report))
})
