import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')

interface Declaration {
  kind: string
  name: string
  isExported: boolean
  file: string
}

const files = ['lib', 'recipes', 'images', 'pipelines'].flatMap(sourcesBelow)
const declarations = files.flatMap(declarationsIn)
const types = declarations.filter(({ kind }) => ['type', 'interface', 'class'].includes(kind))

function declarationsIn(file: string): Declaration[] {
  const form = /^(export )?(?:async )?(type|interface|class|function\*?|const) (\w+)/gm
  return [...readFileSync(file, 'utf8').matchAll(form)].map(([, exported, kind = '', name = '']) => ({
    kind,
    name,
    isExported: exported !== undefined,
    file: relative(root, file),
  }))
}

/** Names with the files that declare them, of those that two declare. */
function twice(declared: readonly Declaration[]): string[] {
  const homes = Map.groupBy(declared, ({ name }) => name)
  return [...homes]
    .filter(([, at]) => at.length > 1)
    .map(([name, at]) => `${name}: ${at.map(({ file }) => file)}`)
}

/** The folders of engines hold the same files with the same names in them. */
const isOfOneEngine = ({ file }: Declaration) => /^images\/engines\/[^/]+\//.test(file)

test('a name that is exported is declared in one file', () => {
  expect(twice(declarations.filter((one) => one.isExported && !isOfOneEngine(one)))).toEqual([])
})

test('the name of a type is declared in one file, exported or not', () => {
  expect(types.length).toBeGreaterThan(500)
  expect(twice(types)).toEqual([])
})

const participle =
  /(?:(?<![eE])ed|Built|Bound|Done|Found|Given|Gone|Held|Kept|Known|Left|Lost|Made|Met|Read|Said|Seen|Sent|Shown|Spoken|Taken|Told|Written)$/
const verb = /^(?:Is|Has|Can|Never|To)[A-Z]|Ends$/

test('types are nouns', () => {
  expect(types.map(({ name }) => name).filter((name) => participle.test(name) || verb.test(name))).toEqual([])
})

const programs = [...files, ...['lab', 'docs'].flatMap(sourcesBelow)]
const uses = countWords(programs.map((file) => readFileSync(file, 'utf8')).join('\n'))

test('what is exported is used by the product itself, not by tests alone', () => {
  const unused = declarations.filter(({ name, isExported }) => isExported && (uses.get(name) ?? 0) < 2)
  expect(unused.map(({ name, file }) => `${file}: ${name}`)).toEqual([])
})

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, folder, name))
}

function countWords(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const [word] of text.matchAll(/\w+/g)) found.set(word, (found.get(word) ?? 0) + 1)
  return found
}
