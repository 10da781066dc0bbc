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

/**
 * Rooms of the two big floors, lowest first: a room imports from itself and from those before it. A file that lies loose
 * at the top of a floor is a room of its own.
 */
const rooms = {
  images: [
    'error.ts',
    'elf',
    'gpu-code',
    'memory',
    'oci',
    'slim-rules',
    'boot',
    'tree',
    'weights',
    'engines',
    'plan',
    'init',
    'attribution',
    'gate',
    'quality',
    'load',
    'report',
    'comparison',
    'run-files',
    'sbom',
    'vulnerabilities',
  ],
  pipelines: [
    'error.ts',
    'settings',
    'files',
    'network',
    'store',
    'registry-client',
    'registry-server',
    'weights',
    'process',
    'gpu-code',
    'slim-tree',
    'image-reader',
    'size',
    'scan',
    'sbom',
    'model-reader',
    'software',
    'boot',
    'quantize',
    'lock',
    'catalogue',
    'verify',
    'fetch',
    'run',
    'quality',
    'load',
    'build',
    'gate',
    'vulnerabilities',
    'outgoing',
    'bundle',
    'publish',
    'command-line',
    'memory',
    'init',
    'commands',
    'cli.ts',
  ],
} as const

const floors = Object.entries(rooms)
const mostLooseFiles = 4

test.each(floors)('every file of %s lies in a room that has a place in the order', (floor, order) => {
  const found = new Set(sourcesOf(floor).map(roomOf))
  expect([...found].sort()).toEqual([...order].sort())
  expect([...found].filter((room) => room.endsWith('.ts')).length).toBeLessThanOrEqual(mostLooseFiles)
})

test.each(floors)('a room of %s imports only from itself and the rooms before it', (floor, order) => {
  const place = (file: string) => (order as readonly string[]).indexOf(roomOf(file))
  const wrong = sourcesOf(floor).flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => resolve(dirname(file), name))
      .filter((target) => folderOf(target) === floor && place(target) > place(file))
      .map((target) => `${relative(root, file)} imports ${relative(root, target)}`),
  )
  expect(wrong).toEqual([])
})

function roomOf(file: string): string {
  return relative(root, file).split('/')[1] ?? ''
}

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

/** Where the process meets the command, and where the environment becomes settings. */
const readers = ['pipelines/command-line/command-process.ts', 'pipelines/command-line/command.ts']

test('the environment is read in one place; everything else is given settings', () => {
  const form = /NodeJS\.ProcessEnv|process\.env\b|process\['env'\]|\benv\b[^=]*\} = process\b/
  const found = order
    .flatMap(sourcesOf)
    .filter((file) => form.test(readFileSync(file, 'utf8')))
    .map((file) => relative(root, file))
  expect(found.sort()).toEqual(readers)
})

const mostLines = 250

test('no file of the product, the lab or the tests is longer than 250 lines', () => {
  const long = [...order, 'lab', 'docs', 'test']
    .flatMap(sourcesOf)
    .map((file) => ({ file: relative(root, file), lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > mostLines)
  expect(long).toEqual([])
})
