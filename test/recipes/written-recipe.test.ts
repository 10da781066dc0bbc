import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseRecipe } from '../../recipes/parse.ts'
import { extendedFile, type RecipeText, variantNames } from '../../recipes/written-recipe.ts'

const demo = readFileSync(join(import.meta.dirname, '../../recipes/smollm2-135m-llama-cpp.yaml'), 'utf8')
const base: RecipeText = { file: '_base.yaml', text: demo }

function parse(text: string, variant?: string, bases: readonly RecipeText[] = [base]) {
  return parseRecipe(text, 'r.yaml', () => [], { bases, variant })
}

function recipeOf(text: string, variant?: string) {
  const parsed = parse(text, variant)
  if (parsed.ok) return parsed.recipe
  throw new Error(JSON.stringify(parsed.problems))
}

const own = 'extends: _base.yaml\nname: mine\n'
const matrix = `${own}matrix:
  contextLength: [1024, 2048]
  kind:
    small: { serving: { parallelism: 1 } }
    large: { serving: { parallelism: 4, port: 9000 } }
exclude:
  - { contextLength: 1024, kind: large }
`

test('a nearer text wins: maps are joined, lists and single values replaced, null takes a key away', () => {
  const before = recipeOf('extends: _base.yaml\n')
  const after = recipeOf(
    `${own}serving:\n  contextLength: 512\n  parallelism: null\nverify:\n  profiles: [plain]\nweights:\n  source:\n    type: folder\n    path: m\n`,
  )
  expect(after).toEqual({
    ...before,
    name: 'mine',
    serving: { ...before.serving, contextLength: 512, parallelism: 1 },
    verify: { ...before.verify, profiles: ['plain'] },
    weights: { ...before.weights, source: { type: 'folder', path: 'm' } },
  })
})

test('of three texts the nearest counts', () => {
  const middle = {
    file: '_middle.yaml',
    text: 'extends: _base.yaml\nserving: { port: 1111, contextLength: 99 }\n',
  }
  const parsed = parse('extends: _middle.yaml\nserving: { port: 2222 }\n', undefined, [middle, base])
  expect(parsed).toMatchObject({
    ok: true,
    recipe: { serving: { port: 2222, contextLength: 99, parallelism: 2 } },
  })
})

test('a matrix gives a recipe a combination, without those that are left out', () => {
  expect(variantNames([{ file: 'r.yaml', text: matrix }, base])).toEqual([
    'mine-1024-small',
    'mine-2048-small',
    'mine-2048-large',
  ])
  expect(recipeOf(matrix, 'mine-2048-large')).toMatchObject({
    name: 'mine-2048-large',
    serving: { contextLength: 2048, parallelism: 4, port: 9000 },
  })
  expect(recipeOf(matrix, 'mine-1024-small').serving).toMatchObject({ contextLength: 1024, parallelism: 1 })
})

test('a matrix of what is extended holds too, with the name of the nearest', () => {
  const shared = { file: '_matrix.yaml', text: matrix }
  expect(
    variantNames([{ file: 'r.yaml', text: 'extends: _matrix.yaml\nname: other\n' }, shared, base]),
  ).toContain('other-2048-large')
})

describe('problems are told where they stand', () => {
  const place = (text: string, part: string) => {
    const before = text.slice(0, text.indexOf(part)).split('\n')
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }
  test.each([
    ['in the recipe', `${own}serving:\n  contextLength: many\n`, undefined, 'r.yaml', 'many'],
    ['in a value of an axis', matrix.replace('2048]', 'x2048]'), 'mine-x2048-small', 'r.yaml', 'x2048'],
    ['in what a value brings', matrix.replace('port: 9000', 'prt: 9000'), 'mine-2048-large', 'r.yaml', 'prt'],
  ])('%s', (_, text, variant, file, part) => {
    const parsed = parse(text, variant)
    expect(parsed).toMatchObject({ ok: false, problems: [{ file, ...place(text, part) }] })
  })

  test('in what is extended', () => {
    const wrong = { file: '_base.yaml', text: demo.replace('contextLength: 4096', 'contextLength: no') }
    const parsed = parse(own, undefined, [wrong])
    expect(parsed).toMatchObject({
      ok: false,
      problems: [{ file: '_base.yaml', ...place(wrong.text, 'no\n') }],
    })
  })

  test('a key that is missing everywhere is told of the recipe', () => {
    const parsed = parse('extends: _base.yaml\n', undefined, [{ file: '_base.yaml', text: 'name: x\n' }])
    expect(parsed.ok ? [] : parsed.problems.map(({ file }) => file)).toEqual(['r.yaml', 'r.yaml', 'r.yaml'])
  })

  test('a secret in a base is found where a nearer text replaces it', () => {
    const secret = `hf_${'a1B2c3D4e5'.repeat(4)}`.slice(0, 37)
    const leaking = { file: '_base.yaml', text: `${demo}\n  labels: { x: ${secret} }\n` }
    const parsed = parse(`${own}image: { labels: { x: fine } }\n`, undefined, [leaking])
    expect(parsed).toMatchObject({ ok: false, problems: [{ file: '_base.yaml' }] })
    expect(JSON.stringify(parsed)).not.toContain(secret)
  })
})

test.each([
  ['a file with a matrix is not one recipe', matrix, undefined, 'it stands for 3 recipes'],
  ['a combination that there is not', matrix, 'mine-1024-large', 'it has no recipe "mine-1024-large"'],
  ['a name without a matrix', own, 'mine-1', 'there is no matrix'],
  [
    'an axis that is no key',
    `${own}matrix: { gpuu: [l4] }\n`,
    'mine-l4',
    'no key of a recipe, or several, are called "gpuu"',
  ],
  ['an axis of a key that two maps have', `${own}matrix: { license: [mit] }\n`, 'mine-mit', undefined],
  ['values of one name', `${own}matrix: { gpu: [L4, l4] }\n`, 'mine-l4', 'two values give one name'],
  ['a value without a letter', `${own}matrix: { gpu: ["-"] }\n`, 'mine', 'a value gives none'],
  [
    'everything left out',
    `${own}matrix: { gpu: [l4] }\nexclude: [{ gpu: l4 }]\n`,
    'mine-l4',
    'every combination is excluded',
  ],
  ['an axis that is a text', `${own}matrix: { gpu: l4 }\n`, 'mine-l4', 'Invalid input'],
  ['an extended file that is a list', 'extends: [a, b]\n', undefined, 'expected string'],
])('%s', (_, text, variant, message) => {
  const parsed = parse(text, variant)
  if (message === undefined) expect(parsed.ok).toBe(true)
  else expect(parsed.ok ? '' : parsed.problems.map((one) => one.message).join()).toContain(message)
})

test('too many combinations are refused before they are made', () => {
  const values = Array.from({ length: 200 }, (_, index) => `v${index}`)
  const axes = ['gpu', 'quantization', 'dtype', 'driver', 'base'].map(
    (name) => `  ${name}: [${values.join(', ')}]\n`,
  )
  const parsed = parse(`${own}matrix:\n${axes.join('')}`, 'mine-v0')
  expect(parsed.ok ? '' : parsed.problems[0]?.message).toContain('combinations')
})

test('which file is extended is read of a text', () => {
  expect(extendedFile(own)).toBe('_base.yaml')
  expect(extendedFile(demo)).toBeUndefined()
  expect(extendedFile('extends: [')).toBeUndefined()
})
