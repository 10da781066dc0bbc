import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { writeEncoders } from '../models/models.ts'
import { pythonJson } from '../python.ts'
import { pythonPath } from '../tools/find.ts'
import { withBooted } from './booted.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from './ingot.ts'
import { expectVerified } from './verified.ts'

let place: Workplace
let reports: Report[]

function recipe(name: string, file: string, serving: string): string {
  return `name: ${name}
model: { name: ${name} }
engine: { id: llama-cpp, version: ">=0.7" }
weights: { source: { type: folder, path: models, include: ["${file}"] } }
serving: ${serving}
`
}

/** No recipe names its task: the headers tell it. */
const recipes = {
  minilm: recipe('minilm', 'minilm.gguf', '{ parallelism: 2 }'),
  reranker: recipe('reranker', 'reranker.gguf', '{ contextLength: 256, apiKey: true }'),
}

beforeAll(async () => {
  place = await newWorkplace()
  const folder = join(place.folder, 'models')
  await mkdir(folder)
  await writeEncoders(folder)
  const files = await Promise.all(
    Object.entries(recipes).map(([name, text]) => writeRecipe(place, name, text)),
  )
  const built = await ingot(['build', ...files, '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  reports = JSON.parse(built.stdout)
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

function reportOf(name: keyof typeof recipes): Report {
  const report = reports.find((one) => one.name === name)
  if (report === undefined) throw new Error(`${name} was not built`)
  return report
}

describe.each([
  [
    'minilm',
    [
      'ready',
      'models',
      'embeddings',
      'embeddings-batch',
      'embedding',
      'metrics',
      'prompt-too-long',
      'stop-plain',
    ],
  ],
  [
    'reranker',
    [
      ...['ready', 'rerank', 'rerank-other', 'rerank-native', 'metrics', 'missing-field', 'prompt-too-long'],
      ...['key-none', 'key-wrong', 'stop-plain'],
    ],
  ],
] as const)('%s', (name, asked) => {
  test('is verified under the hostile profile, as two users', () => {
    expectVerified(reportOf(name))
  })

  test('was asked what it is for, and no chat', () => {
    const ids = reportOf(name).boots.flatMap((boot) => boot.checks.map(({ id }) => id))
    expect(ids).toEqual(expect.arrayContaining([...asked]))
    expect(ids).not.toContain('chat')
  })
})

test('what makes vectors has no speed of tokens and no recorded answer', () => {
  const [boot] = reportOf('minilm').boots
  expect(boot?.answers).toEqual([])
  expect(boot?.measured).toMatchObject({ runs: [], tokensPerSecond: null })
  expect(boot?.checks.map(({ id }) => id)).not.toContain('speed')
})

test('the client of OpenAI gets vectors of the declared size, packed and plain', async () => {
  const script = join(import.meta.dirname, 'embedding-clients.py')
  const found = await withBooted(place, reportOf('minilm'), (url) =>
    pythonJson(pythonPath('clients'), [script, url, 'minilm']),
  )
  expect(found).toMatchObject({ sizes: [384, 384], tokens: expect.any(Number) })
  // embedding-clients.py prints this shape.
  const { packed, plain } = found as Record<'packed' | 'plain', number[]>
  expect(packed.map((number) => number.toFixed(4))).toEqual(plain.map((number) => number.toFixed(4)))
})
