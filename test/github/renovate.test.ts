import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

// Renovate's own validator accepts the file. What it cannot know is whether each manager finds all that is pinned.

const root = resolve(import.meta.dirname, '../..')

interface Manager {
  customType: string
  managerFilePatterns: string[]
  matchStrings: string[]
}

interface Configuration {
  customManagers: Manager[]
  ignorePaths: string[]
}

// Our own file; Renovate's schema describes it.
const configuration = JSON.parse(readFileSync(join(root, '.github/renovate.json'), 'utf8')) as Configuration

interface Found {
  file: string
  name: string
  value: string
}

function found(): Found[] {
  return configuration.customManagers.flatMap((manager) =>
    filesOf(manager).flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      return manager.matchStrings
        .flatMap((pattern) => [...text.matchAll(new RegExp(pattern, 'g'))])
        .map(({ groups = {} }) => ({
          file,
          name: groups['packageName'] ?? groups['depName'] ?? '',
          value: groups['currentValue'] ?? '',
        }))
    }),
  )
}

function filesOf({ managerFilePatterns }: Manager): string[] {
  const patterns = managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)))
  return files().filter((file) => patterns.some((pattern) => pattern.test(file)))
}

function files(): string[] {
  return ['test', '.github/scripts', 'images', 'lab', 'pipelines', 'docs'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
}

/** All `pattern` finds in files of these names, counted without Renovate's patterns. */
function pinned(name: RegExp, pattern: RegExp): { file: string; line: string }[] {
  return files()
    .filter((file) => name.test(file))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map(([line]) => ({ file, line })),
    )
}

test.each([
  [
    'Go programs, Go modules and packages of tests',
    /^test\/tools\/catalogue\.ts$/,
    /\bgo\(\s*'[^']+'|\bmodule: '|'npm', package: '|[\w-]+==[\w.]+|\buvVersion = '/g,
  ],
  ['Dagger of the lab', /^lab\/engine-build\.ts$/, /daggerVersion = '/g],
  ['packages of Python', /^test\/tools\/python\/.*\.txt$/, /^[\w.-]+==\S+/gm],
  ['Go programs of scripts', /^\.github\/scripts\/.*\.sh$/, /^go install .*$/gm],
  ['programs out of wheels', /^pipelines\/.*\.ts$/, /: WheelProgram = \{/g],
  ['actions of the workflow that init writes', /^images\/init\/workflow\.ts$/, /uses: (?!OWNER).*$/gm],
  ['actions of the example', /^docs\/github-actions\.md$/, /uses: (?!OWNER).*$/gm],
])('%s: each is found, with a version', (_, name, pattern) => {
  const there = pinned(name, pattern)
  expect(there.length).toBeGreaterThan(0)
  const seen = found().filter(({ file }) => name.test(file))
  expect(seen).toHaveLength(there.length)
  for (const { value } of seen) expect(value).toMatch(/^v?\d+\.\d+/)
})

test('a Go program is looked up under its module, which is all that a module proxy knows', () => {
  const modules = found().flatMap(({ name }) => (name.startsWith('github.com/') ? [name] : []))
  expect(modules).toContain('github.com/containerd/containerd/v2')
  expect(modules).toContain('github.com/google/go-containerregistry')
  for (const name of modules) expect(name).toMatch(/^github\.com\/[\w.-]+\/[\w.-]+(\/v\d+)?$/)
})

test('the folder of tests is looked at, which the recommended settings leave out', () => {
  expect(configuration.ignorePaths).toEqual(['**/node_modules/**'])
})
