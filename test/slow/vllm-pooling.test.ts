import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { withBooted } from '../e2e/booted.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { writeEncoderFolders } from '../models/models.ts'
import { pythonJson } from '../python.ts'
import { pythonPath } from '../tools/find.ts'

let place: Workplace
let reports: Report[]

/** No recipe names its task: modules of sentence-transformers and the class in config.json tell it. */
function recipe(name: string, folder: string, apiKey: boolean): string {
  return `name: ${name}
model: { name: ${name} }
engine: { id: vllm, version: ">=0.28 <0.34", device: cpu }
weights: { source: { type: folder, path: ${folder} } }
serving: { contextLength: 256, dtype: float32, sharedMemory: 256MiB, apiKey: ${apiKey} }
verify: { startTimeoutSeconds: 1800 }
`
}

beforeAll(async () => {
  place = await newWorkplace()
  await writeEncoderFolders(place.folder)
  const files = [
    await writeRecipe(place, 'minilm-vllm', recipe('minilm-vllm', 'minilm', false)),
    await writeRecipe(place, 'reranker-vllm', recipe('reranker-vllm', 'reranker', true)),
  ]
  const built = await ingot(['build', ...files, '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  reports = JSON.parse(built.stdout)
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

function reportOf(name: string): Report {
  const report = reports.find((one) => one.name === name)
  if (report === undefined) throw new Error(`${name} was not built`)
  return report
}

const ofEach = ['ready', 'models', 'score', 'missing-field', 'unknown-model', 'stop-plain']

describe.each([
  ['minilm-vllm', [...ofEach, 'embeddings', 'embeddings-batch', 'pooling', 'prompt-too-long']],
  [
    'reranker-vllm',
    [
      ...ofEach,
      'rerank',
      'rerank-other',
      'rerank-native',
      'classify',
      'key-none',
      'key-wrong',
      'key-unlogged',
    ],
  ],
] as const)('%s', (name, asked) => {
  test('is verified under the hostile profile, as two users', () => {
    const { boots, verdict } = reportOf(name)
    const checks = boots.flatMap((boot) => boot.checks)
    // vLLM forgets a signal while its engine starts, so nothing is tried then.
    expect(checks.flatMap(({ id, status }) => (status === 'passed' ? [] : [`${id} ${status}`]))).toEqual([
      'stop-loading skipped',
    ])
    expect(verdict).toBe('verified')
    expect(boots.map(({ profile }) => profile)).toEqual(['hostile', 'hostile'])
  })

  test('was asked what it is for, and no chat', () => {
    const checks = reportOf(name).boots.flatMap((boot) => boot.checks)
    for (const id of asked) expect(checks.find((check) => check.id === id)).toMatchObject({ required: true })
    expect(checks.map(({ id }) => id)).not.toContain('chat')
  })
})

test('the client of OpenAI gets vectors of the declared size, packed and plain', async () => {
  const script = join(import.meta.dirname, '../e2e/embedding-clients.py')
  const found = await withBooted(place, reportOf('minilm-vllm'), (url) =>
    pythonJson(pythonPath('clients'), [script, url, 'minilm-vllm']),
  )
  expect(found).toMatchObject({ sizes: [384, 384], tokens: expect.any(Number) })
})

test('what the key leaves open is told', () => {
  const [boot] = reportOf('reranker-vllm').boots
  const open = boot?.checks.find(({ id }) => id === 'key-open')?.observed
  expect(open).toContain('POST /classify is open')
  expect(open).toContain('POST /score is open')
})
