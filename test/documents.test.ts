import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { judgeRecipe } from '../images/plan/judge-recipe.ts'
import { overview } from '../pipelines/command-line/usage.ts'
import { tables } from '../pipelines/commands/tables/all.ts'
import { defaultRetry } from '../pipelines/network/retry.ts'
import { type Variable, variables } from '../pipelines/settings/variables.ts'
import { parseRecipe } from '../recipes/parse.ts'
import { recipeSchema } from '../recipes/recipe.ts'

// What documents and comments say that a program can check.

const root = resolve(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => (folder === '.' ? name : `${folder}/${name}`))
}

const pages = [...readdirSync(root).filter((name) => name.endsWith('.md')), ...filesBelow('docs', /\.md$/)]
const product = ['lib', 'recipes', 'images', 'pipelines', 'lab', 'bin']
const sources = [...product, 'test', 'docs', '.github'].flatMap((folder) =>
  filesBelow(folder, /\.(ts|sh|py|go|ya?ml)$|^ingot$/),
)

/** Comments of TypeScript and Go, and of languages that begin them with #. */
function commentsOf(file: string): string {
  const text = read(file)
  const pattern = /\.(ts|go)$/.test(file) ? /\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm : /(?<=^|\s)#.*$/gm
  return (text.match(pattern) ?? []).join('\n')
}

/** Documents that a comment names and that are not at that path. Files that the product writes have no path here. */
function missingIn(comment: string): string[] {
  const cited = comment.replaceAll(/https?:\S+/g, '').match(/(?<![\w/.])(?:[\w.-]+\/)*[\w-]+\.md\b/g) ?? []
  return cited.filter(
    (path) => path !== 'notes.md' && !(existsSync(join(root, path)) && !path.startsWith('..')),
  )
}

test('comments cite documents by their path in this repository, and each is there', () => {
  const gone = sources.flatMap((file) => missingIn(commentsOf(file)).map((cited) => `${file}: ${cited}`))
  expect(gone).toEqual([])
})

test.each([
  ['a bare name', 'as memory.md says', ['memory.md']],
  ['a path that is not there', 'see docs/nothing.md', ['docs/nothing.md']],
  ['a folder outside', 'of ../shared/memory.md, section 2', ['../shared/memory.md']],
  ['a document that is there', 'see docs/verify.md', []],
  ['a page elsewhere', 'https://example.com/main/descriptor.md', []],
])('of comments, %s', (_, comment, missing) => {
  expect(missingIn(comment)).toEqual(missing)
})

test.each(pages)('%s: every link leads to a file', (page) => {
  const broken = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !existsSync(join(root, dirname(page), target)))
  expect(broken).toEqual([])
})

interface Schema {
  properties?: Record<string, Schema>
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  additionalProperties?: unknown
}

function hasKey(schema: Schema, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true
  const inside = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.items ? [schema.items] : [])]
  if (inside.some((option) => hasKey(option, [key, ...rest]))) return true
  const found = schema.properties?.[key]
  if (found) return hasKey(found, rest)
  return typeof schema.additionalProperties === 'object' && rest.length === 0
}

// JSON Schema is a wide type; the recipe uses only the members of Schema.
const recipe = z.toJSONSchema(recipeSchema, { io: 'input' }) as Schema
const sections = Object.keys(recipe.properties ?? {}).join('|')

test.each(pages)('%s: every key of a recipe that it names exists', (page) => {
  const named = [...read(page).matchAll(new RegExp(`\`((?:${sections})(?:\\.[a-zA-Z]+)+)[\`:]`, 'g'))]
  const unknown = named.map(([, key = '']) => key).filter((key) => !hasKey(recipe, key.split('.')))
  expect(unknown.filter((key) => !isFile(key))).toEqual([])
})

function allKeys(schema: Schema): string[] {
  const nested = [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  const items = schema.items ? [schema.items] : []
  return [...Object.keys(schema.properties ?? {}), ...[...nested, ...items].flatMap(allKeys)]
}

/** Members of the memory planner's answer, of Kubernetes and KServe, and a word of a report. */
const keysOfOthers = ['outcome', 'fits', 'certain', 'subPath', 'storageUri', 'ignored']

test.each(pages.filter((page) => !page.startsWith('docs/decisions')))(
  '%s: what it tells to write as `key: value` can be written',
  (page) => {
    const known = [...allKeys(recipe), ...Object.keys(parse(read('action.yml')).inputs), ...keysOfOthers]
    const named = [...read(page).matchAll(/`([a-z][A-Za-z-]+): [^`]+`/g)].map(([, key = '']) => key)
    expect(named.filter((key) => !known.includes(key))).toEqual([])
  },
)

/** `recipe.ts` and the like are no keys. */
function isFile(key: string): boolean {
  return /\.(ts|sh|json|md|ya?ml)$/.test(key)
}

const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

test.each(['docs/publish.md', 'docs/weights.md'])('%s: as many failures as the product allows', (page) => {
  const said = [...read(page).matchAll(/(\w+) failures in a row/g)].map(([, count]) => count)
  expect(said).toEqual([numbers[defaultRetry.attempts]])
})

/** Variables that the product reads from the environment, by how its sources read them. */
function variablesRead(): string[] {
  const programs = [...filesBelow('pipelines', /\.(ts|sh)$/), ...filesBelow('lib', /\.ts$/), 'bin/ingot']
  const patterns = [
    /\bvalues\.([A-Z_]{5,})\b/g,
    /\b(?:environment|env)\['([A-Z_][A-Z0-9_]+)'\]/g,
    /\bvariable: '([A-Z_]+)'/g,
    /\beither\('([A-Z_]+)'\)/g,
    /\b(?:pip|uv)\('([A-Z_]+)'/g,
    /\b(GITHUB_[A-Z_]+)\b/g,
    /'(HF_TOKEN|HUGGING_FACE_HUB_TOKEN)'/g,
    /\$\{([A-Z][A-Z_]+):-/g,
    /\bin ((?:[A-Z]+_){2,}[A-Z]+)\b/g,
    /\b(COSIGN_PASSWORD|NODE_EXTRA_CA_CERTS)\b/g,
  ]
  const found = programs.flatMap((file) => {
    // A script of Debian's inside of a container has an environment of its own.
    const text = read(file)
    return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name))
  })
  return [...new Set(found)].filter((name) => !setInside.includes(name)).sort()
}

/** Set by ingot itself, for what it starts. */
const setInside = ['LD_LIBRARY_PATH', 'HARNESS_SECRET', 'HARNESS_WORKERS', 'HARNESS_WORKER_PORT']

test('docs/environment.md has every variable that the product reads', () => {
  const page = read('docs/environment.md')
  expect(variablesRead().length).toBeGreaterThan(25)
  expect(variablesRead().filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

/** Parts that variables of others are built of, where no source has the whole name. */
const readByOthers = ['GRYPE_DB_UPDATE_URL', 'DAGGER_SESSION_TOKEN', 'PATH', 'HOME']

test('docs/environment.md names no variable that nothing reads', () => {
  const table = 'pipelines/settings/variables.ts'
  const readers = [...product, 'test/tools']
    .flatMap((folder) => filesBelow(folder, /\.(ts|sh)$|^ingot$/))
    .filter((file) => file !== table)
  const all = readers.map(read).join('\n')
  const unread = Object.keys(variables).filter((name) => !new RegExp(`\\b${name}\\b`).test(all))
  expect(unread.filter((name) => !readByOthers.includes(name))).toEqual([])
})

test('a variable that the table gives to ingot is read by ingot', () => {
  const own = filesBelow('pipelines', /\.ts$/).filter((file) => file !== 'pipelines/settings/variables.ts')
  const all = own.map(read).join('\n')
  const table: [string, Variable][] = Object.entries(variables)
  const named = table.filter(([, { reader }]) => reader === undefined).map(([name]) => name)
  expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([])
})

test('the recipe of README passes check', () => {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(read('README.md')) ?? []
  expect(parseRecipe(text, 'README.md', judgeRecipe)).toMatchObject({ ok: true, doubts: [] })
})

test.each(['README.md', 'docs/commands.md'])('%s names every exit code that help names', (page) => {
  const [, codes = ''] = /^Exit codes: (.*)$/m.exec(overview(tables)) ?? []
  const named = codes.match(/(?<=^|; )\d+(?= )/g) ?? []
  expect(named).toEqual(['0', '1', '2', '3', '130'])
  const said = read(page).replaceAll('\n', ' ')
  const [, shown = ''] = /Exit codes: (.*?interrupted)\./.exec(said) ?? []
  expect(shown.match(/(?<=^|; )\d+(?= )/g)).toEqual(named)
})

test('ARCHITECTURE.md names every kind of record that the store keeps', () => {
  const code = filesBelow('pipelines', /\.ts$/)
    .map(read)
    .filter((text) => /\b(writeRecord|remember)\(/.test(text))
  const kinds = code.flatMap((text) =>
    [
      ...text.matchAll(
        /\bkind = '([a-z-]+)'|RecordKind<[^=]*> = \{\s*name: '([a-z-]+)'|writeRecord\(\w+, '([a-z-]+)'/g,
      ),
    ].map((found) => found.slice(1).find((name) => name !== undefined) ?? ''),
  )
  expect(new Set(kinds).size).toBeGreaterThan(12)
  const page = read('ARCHITECTURE.md')
  expect([...new Set(kinds)].filter((kind) => !page.includes(`\`${kind}/\``))).toEqual([])
})
