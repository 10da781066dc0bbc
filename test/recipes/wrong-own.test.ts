import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeRecipe } from '../../images/plan/judge-recipe.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { escaped, marked } from './marked.ts'

/** Columns: what, lines of the recipe, beginning of the message. `|` stands before the text that the problem points at. */
const wrong = readFileSync(join(import.meta.dirname, 'wrong-own.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [what = '', lines = '', message = ''] = line.split('\t')
    return { what, text: recipeOf(lines), message }
  })

function recipeOf(lines: string): string {
  const engine = lines.startsWith('engine:') ? '' : 'engine: { id: llama-cpp }\n'
  const own = lines.replaceAll(/\\n(?=\w+:)/g, '\n').replace('TOKEN', 'Ab1'.repeat(12))
  return `name: r
model: { name: base }
weights: { source: { type: huggingface, repo: acme/base } }
${engine}${own}
`
}

test('each is of its own kind', () => {
  expect(wrong.length).toBeGreaterThan(75)
  expect(new Set(wrong.map(({ what }) => what)).size).toBe(wrong.length)
  expect(new Set(wrong.map(({ text }) => text)).size).toBe(wrong.length)
})

test.each(wrong.map((one) => [one.what, one] as const))('%s is refused at its place', (_, one) => {
  const { text, line, column } = marked(one.text)
  const parsed = parseRecipe(text, 'r.yaml', judgeRecipe)
  const problems = parsed.ok ? [] : parsed.problems
  expect(problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`)).toContainEqual(
    expect.stringMatching(new RegExp(`^${line}:${column} ${escaped(one.message)}`)),
  )
  expect(problems.every(({ hint }) => hint !== '')).toBe(true)
})

test.each([
  'image: { packages: { python: ["vllm[audio,video]", "a.b-c_d == 1.*", "x>=1,<2,!=1.5", "y~=1.0; python_version < \'3.13\'"] } }',
  'image: { packages: { system: [ffmpeg, "g++", libstdc++6, "jq=1:1.7.1-3+b1~x"] } }',
  'image: { files: [{ from: src, to: /app/src, exclude: ["test*"] }, { from: a, to: /opt/a }] }',
  'image: { command: [python, -m, src.server] }',
  'verify: { probes: [{ id: a-1, request: { path: "/a?b=c" }, expect: { type: text, status: 404 } }] }',
])('%s is taken', (lines) => {
  expect(parseRecipe(recipeOf(lines), 'r.yaml', judgeRecipe)).toMatchObject({ ok: true, doubts: [] })
})
