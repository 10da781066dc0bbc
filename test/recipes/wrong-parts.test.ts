import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeRecipe } from '../../images/plan/judge-recipe.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { escaped, marked } from './marked.ts'

/** A wrong list of parts. `|` stands before the text that the problem must point at; it is no part of the recipe. */
interface WrongParts {
  what: string
  parts: string
  /** Beginning of the message. */
  message: string
  engine: string
  delivery: string
  arguments: string
  /** Of the model. */
  task?: string
}

const source = '{ type: folder, path: x }'
const adapter = (name: string) => `{ role: adapter, name: ${name}, source: ${source} }`

/** Columns: what, parts, message, engine, delivery, arguments. */
const table = readFileSync(join(import.meta.dirname, 'wrong-parts.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): WrongParts => {
    const filled = line.replaceAll('SOURCE', source).replaceAll('HASH', 'a'.repeat(64))
    const [what = '', parts = '', message = '', engine = '', delivery = '', flags = ''] = filled.split('\t')
    return { what, parts, message, engine, delivery, arguments: flags }
  })

const plain = { engine: '', delivery: '', arguments: '' }
const many = Array.from({ length: 65 }, (_, index) => adapter(`a${index}`)).join(', ')
const made: WrongParts[] = [
  { ...plain, what: 'more parts than 64', parts: `|[${many}]`, message: 'expected at most 64 entries' },
  {
    ...plain,
    what: 'a name of 201 letters',
    parts: `[${adapter(`|${'a'.repeat(201)}`)}]`,
    message: 'expected at most 200 characters',
  },
  {
    ...plain,
    what: 'an adapter of a model that makes vectors',
    parts: `[{ role: |adapter, name: a, source: ${source} }]`,
    message: 'the model is served for embedding and generates no tokens by which an adapter could be proven',
    task: 'embedding',
  },
  {
    ...plain,
    what: 'a drafter of a model that ranks',
    parts: `[{ role: |drafter, source: ${source} }]`,
    message: 'the model is served for rerank and generates no tokens, which a drafter would guess',
    task: 'rerank',
  },
  {
    ...plain,
    what: 'a token itself',
    parts: `[{ role: drafter, source: { type: huggingface, repo: a/b, token: |hf_${'Ab1'.repeat(12)} } }]`,
    message: 'a Hugging Face token stands in the recipe',
  },
]

const wrongParts = [...table, ...made]

function textOf({ parts, engine, delivery, task, ...more }: WrongParts): string {
  const gpu = ['', 'llama-cpp', 'ollama'].includes(engine) ? '' : 'target: { gpu: h100 }\n'
  const flags = more.arguments === '' ? '' : `serving: { extraArguments: ${more.arguments} }\n`
  return `apiVersion: ingot/v1
name: r
model: { name: base${task === undefined ? '' : `, task: ${task}`} }
engine: { id: ${engine || 'llama-cpp'} }
weights: { source: { type: huggingface, repo: acme/base }, delivery: ${delivery || 'baked'} }
${gpu}${flags}parts: ${parts}
`
}

test('there are more than a hundred, and each is of its own kind', () => {
  expect(wrongParts.length).toBeGreaterThan(100)
  expect(new Set(wrongParts.map(({ what }) => what)).size).toBe(wrongParts.length)
  expect(new Set(wrongParts.map(textOf)).size).toBe(wrongParts.length)
})

test.each(wrongParts.map((one) => [one.what, one] as const))('%s is refused at its place', (_, one) => {
  const { text, line, column } = marked(textOf(one))
  const parsed = parseRecipe(text, 'r.yaml', judgeRecipe)
  const problems = parsed.ok ? [] : parsed.problems
  expect(problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`)).toContainEqual(
    expect.stringMatching(new RegExp(`^${line}:${column} ${escaped(one.message)}`)),
  )
  expect(problems.every(({ hint }) => hint !== '')).toBe(true)
})
