import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { isOtherYaml } from '../../recipes/other-yaml.ts'

const root = resolve(import.meta.dirname, '../..')

test.each([
  ['an action', readFileSync(join(root, 'action.yml'), 'utf8')],
  ['a workflow', readFileSync(join(root, '.github/workflows/check.yml'), 'utf8')],
  ['a Compose file', 'name: stack\nservices:\n  web:\n    image: x\n'],
  ['a manifest of Kubernetes', 'apiVersion: v1\nkind: Service\n'],
])('%s is something else', (_, text) => {
  expect(isOtherYaml(text)).toBe(true)
})

test.each([
  ['a recipe with wrong keys', 'name: x\nengin: {}\nmodel: {}\n'],
  ['a recipe that only begins', 'name: x\n'],
  ['a part of one', 'serving:\n  contextLength: 4096\nwhatever: 1\n'],
  ['nothing', ''],
  ['a list', '- a\n'],
  ['what is no YAML', 'a: [\n'],
])('%s is checked as a recipe', (_, text) => {
  expect(isOtherYaml(text)).toBe(false)
})

test.each(readdirSync(join(root, 'recipes')).filter((name) => name.endsWith('.yaml')))(
  '%s is a recipe',
  (name) => {
    expect(isOtherYaml(readFileSync(join(root, 'recipes', name), 'utf8'))).toBe(false)
  },
)
