import { expect, test } from 'vitest'
import { runName } from '../../../images/run-files/name.ts'
import { recipeSchema } from '../../../recipes/recipe.ts'

const isName = (name: string) => recipeSchema.shape.name.safeParse(name).success

test.each([
  ['smollm2-135m-llama-cpp', 'smollm2-135m-llama-cpp'],
  ['llama-3.1-8b-vllm', 'llama-3--1-8b-vllm'],
  ['a.b', 'a--b'],
  ['a_b', 'a---b'],
  ['a-b', 'a-b'],
])('%s is %s', (name, wanted) => {
  expect(runName(name)).toBe(wanted)
})

/** All names of up to five characters over an alphabet with every kind of character, and long ones around the limit. */
function names(): string[] {
  const alphabet = ['a', '1', '.', '_', '-']
  let all = ['']
  const found: string[] = []
  for (let length = 1; length <= 5; length += 1) {
    all = all.flatMap((name) => alphabet.map((character) => name + character))
    found.push(...all)
  }
  const long = [55, 60, 61, 62, 63].flatMap((length) =>
    ['a', '3', 'a.b', 'a-b', 'a_b'].map((start) => start + 'c'.repeat(length - start.length)),
  )
  const dotted = [`${'a.'.repeat(31)}b`, `${'a-'.repeat(31)}b`, `${'a_'.repeat(31)}b`]
  return [...found.filter(isName), ...long, ...dotted, ...found.filter(isName).map(runName).filter(isName)]
}

test('every name of a recipe gives a label of DNS-1035, and no two give the same', () => {
  const seen = new Map<string, string>()
  for (const name of new Set(names())) {
    const label = runName(name)
    expect(label).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/)
    expect(label.length).toBeLessThanOrEqual(63)
    expect([seen.get(label), name]).toEqual([undefined, name])
    seen.set(label, name)
  }
  expect(seen.size).toBeGreaterThan(300)
})

test('names of images from before the limit give a label as well', () => {
  const [first, second] = ['x'.repeat(300), `${'x'.repeat(299)}y`].map(runName)
  expect(first).toMatch(/^[a-z][-a-z0-9]{0,61}[a-z0-9]$/)
  expect(second).not.toBe(first)
})
