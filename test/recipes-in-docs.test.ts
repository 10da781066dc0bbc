import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeRecipe } from '../images/plan/judge-recipe.ts'
import { parseRecipe } from '../recipes/parse.ts'

const page = readFileSync(join(import.meta.dirname, '../docs/how-to/tasks.md'), 'utf8')
const recipes = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text)

test('the page has recipes', () => {
  expect(recipes.length).toBeGreaterThan(5)
})

test.each(recipes)('a recipe of the page of tasks is one: %s', (text) => {
  const parsed = parseRecipe(text, 'tasks.md', judgeRecipe)
  expect(parsed.ok ? [] : parsed.problems).toEqual([])
})
