import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const order = ['lib', 'recipes', 'images', 'pipelines'] as const

function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name))
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')
}

function folderOf(file: string): string {
  return relative(root, file).split('/')[0] ?? ''
}

test.each(order)('%s imports only from itself and the folders to its left', (folder) => {
  const allowed = order.slice(0, order.indexOf(folder) + 1) as readonly string[]
  const wrong = sourcesOf(folder).flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => folderOf(resolve(dirname(file), name)))
      .filter((target) => !allowed.includes(target))
      .map((target) => `${relative(root, file)} imports from ${target}`),
  )
  expect(wrong).toEqual([])
})

test.each(['lib', 'recipes', 'images'])('%s does no input or output', (folder) => {
  const effects = [
    'node:fs',
    'node:fs/promises',
    'node:child_process',
    'node:http',
    'node:https',
    'node:net',
    'zx',
  ]
  const wrong = sourcesOf(folder).flatMap((file) =>
    importsOf(file)
      .filter((name) => effects.includes(name) || name === '@dagger.io/dagger')
      .map((name) => `${relative(root, file)} imports ${name}`),
  )
  expect(wrong).toEqual([])
})

const doors: Record<string, number> = { zx: 1, yaml: 1, '@dagger.io/dagger': 10, '@huggingface/hub': 2 }

test.each(Object.entries(doors))('%s enters the product through at most %i files', (name, limit) => {
  const users = order.flatMap(sourcesOf).filter((file) => importsOf(file).includes(name))
  expect(users.length, users.join(', ')).toBeLessThanOrEqual(limit)
})
