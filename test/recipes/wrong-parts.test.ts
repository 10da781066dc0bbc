import { expect, test } from 'vitest'
import { judgeRecipe } from '../../images/plan/judge-recipe.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { type WrongParts, wrongParts } from './wrong-parts.ts'

function textOf({ parts, engine = 'llama-cpp', delivery = 'baked', ...more }: WrongParts): string {
  const gpu = engine === 'llama-cpp' || engine === 'ollama' ? '' : 'target: { gpu: h100 }\n'
  const flags = more.arguments === undefined ? '' : `serving: { extraArguments: ${more.arguments} }\n`
  return `apiVersion: ingot/v1
name: r
model: { name: base }
engine: { id: ${engine} }
weights: { source: { type: huggingface, repo: acme/base }, delivery: ${delivery} }
${gpu}${flags}parts: ${parts}
`
}

/** Text without the mark, and the place of the mark; a mark inside a quoted text stands for its quote. */
function marked(text: string): { text: string; line: number; column: number } {
  const at = text.indexOf('|')
  const before = text.slice(0, at).split('\n')
  const column = (before.at(-1) ?? '').length + 1
  return {
    text: text.replace('|', ''),
    line: before.length,
    column: text[at - 1] === '"' ? column - 1 : column,
  }
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

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
