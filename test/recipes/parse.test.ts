import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatProblem, parseRecipe } from '../../recipes/parse.ts'

const demo = readFileSync(join(import.meta.dirname, '../../recipes/smollm2-135m-llama-cpp.yaml'), 'utf8')

function problemsOf(text: string) {
  const parsed = parseRecipe(text, 'r.yaml')
  return parsed.ok ? [] : parsed.problems
}

/** Line and column, from 1, of a text that stands once in the recipe. */
function placeOf(recipe: string, part: string) {
  const before = recipe.slice(0, recipe.indexOf(part)).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

test('defaults are filled in and sizes become bytes', () => {
  const parsed = parseRecipe(demo, 'r.yaml')
  expect(parsed).toMatchObject({
    ok: true,
    recipe: {
      serving: { dtype: 'auto', tensorParallel: 1, contextLength: 4096 },
      image: { platform: 'linux/amd64', budgets: { total: 150e6 }, slim: true },
      weights: { delivery: 'baked' },
      verify: { profiles: ['hostile'] },
    },
  })
})

test('a tag that YAML does not know is a problem, and the value is not read as if it were not there', () => {
  const text = demo.replace('contextLength: 4096', 'contextLength: !!js/function "4096"')
  expect(problemsOf(text)).toMatchObject([placeOf(text, '!!js/function')])
})

describe('one problem, with its place', () => {
  test.each([
    [
      'an unknown key at the top',
      'serving:',
      'servign:',
      'servign',
      'unknown key "servign"',
      'did you mean "serving"?',
    ],
    [
      'an unknown key inside',
      '  parallelism:',
      '  paralelism:',
      'paralelism',
      'unknown key "paralelism"',
      'did you mean "parallelism"?',
    ],
    [
      'an unknown key of a source',
      'package:',
      'pakage:',
      'pakage',
      'unknown key "pakage"',
      'did you mean "package"?',
    ],
    [
      'a wrong type',
      'contextLength: 4096',
      'contextLength: "4096"',
      '"4096"',
      'expected number',
      'without quotes',
    ],
    [
      'an unknown engine',
      'id: llama-cpp',
      'id: lama-cpp',
      'lama-cpp',
      'expected one of vllm',
      'did you mean "llama-cpp"?',
    ],
    [
      'an unknown source',
      'type: pypi',
      'type: pipy',
      'pipy',
      'expected one of huggingface',
      'did you mean "pypi"?',
    ],
    ['a bad range', 'version: ">=0.7"', 'version: "newest"', '"newest"', 'a semver range', 'docs/recipe.md'],
    [
      'a bad size',
      'total: 150MB',
      'total: 150 apples',
      '150 apples',
      'a size such as 200MB',
      'docs/recipe.md',
    ],
    ['a number too small', 'parallelism: 2', 'parallelism: 0', '0', 'at least', 'docs/recipe.md'],
  ])('%s', (_name, from, to, part, message, hint) => {
    const text = demo.replace(from, to)
    const problems = problemsOf(text)
    const place = placeOf(text, to)
    const problem = problems.find((item) => item.line === place.line)
    expect(problem).toMatchObject({
      file: 'r.yaml',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    })
    expect(problem?.column).toBe(place.column + to.indexOf(part))
  })
})

test('a missing part is reported at the place where it belongs', () => {
  const [problem] = problemsOf(demo.replace('  name: smollm2-135m-instruct\n', ''))
  expect(problem).toMatchObject({ path: 'model.name', message: expect.stringContaining('is missing') })
  expect(problem?.line).toBe(demo.split('\n').indexOf('model:') + 1)
})

test('all problems are listed at once, in the order of the file', () => {
  const problems = problemsOf(
    demo.replace('name: smollm2', 'name: SMOLLM2').replace('id: llama-cpp', 'id: x').replace('baked', 'b'),
  )
  expect(problems.map((problem) => problem.path)).toEqual(['name', 'engine.id', 'weights.delivery'])
  expect(problems.map((problem) => problem.line)).toEqual(
    [...problems.map((problem) => problem.line)].sort((a, b) => a - b),
  )
})

test.each([
  ['', 'expected object'],
  ['- a\n- b\n', 'expected object'],
  ['name: [1', 'Flow sequence'],
  ['name: a\nname: b\n', 'Map keys must be unique'],
  ['a: &x 1\nb: *y\n', 'alias'],
])('%j is no recipe', (text, words) => {
  expect(problemsOf(text).map(formatProblem).join('\n').toLowerCase()).toContain(words.toLowerCase())
})

test('a problem is one line for editors and one for people', () => {
  const [problem] = problemsOf(demo.replace('serving:', 'servign:'))
  expect(problem && formatProblem(problem)).toMatch(
    /^r\.yaml:\d+:\d+: servign: unknown key "servign"\n {4}did you mean/,
  )
})

test('a modelcar needs weights that are an image of their own', () => {
  const wished = demo.replace('  delivery: baked', '  delivery: baked\n  modelcar: true')
  expect(problemsOf(wished)).toMatchObject([
    {
      ...placeOf(wished, 'true'),
      path: 'weights.modelcar',
      message: 'expected false, or `delivery: artifact` beside it, found true',
    },
  ])
  expect(problemsOf(wished.replace('delivery: baked', 'delivery: artifact'))).toEqual([])
})
