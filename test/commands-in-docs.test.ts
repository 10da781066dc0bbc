import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readArguments } from '../pipelines/command-line/arguments.ts'
import type { CommandTable } from '../pipelines/command-line/option-table.ts'
import { tables } from '../pipelines/commands/tables/all.ts'

// Every command of ingot that a document shows is one that it has: in blocks the whole line, in sentences its name and options.
// They are run too where that needs neither network nor a registry: those of memory in memory-docs.test.ts, the tutorial in
// e2e/tutorial.test.ts, completion and scripts of bundles and workflows in the tests that their pages name.

const root = resolve(import.meta.dirname, '..')

function pagesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
}

const pages = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md', ...pagesBelow('docs')]

/** Lines of blocks that begin with `ingot`, alone or behind a prompt, variables, or the lab. */
function linesOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  const blocks = [...text.matchAll(/^ *```(?:console|sh|bash|shell|yaml|)\n([\s\S]*?)^ *```/gm)]
  return blocks.flatMap(([, block = '']) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .flatMap((line) => {
        const lab = String.raw`(?:\S*node \S*lab\/run\.ts -- )?`
        const start = String.raw`^\s*(?:\$ |- run: )?(?:[A-Z_]+=\S+ )*(?:dagger run )?(?:npx (?:--no-install )?)?`
        const before = String.raw`${start}${lab}(?:[\w.\/]*bin\/)?`
        const found = new RegExp(`${before}ingot ([a-z].*)$`).exec(line)
        return found?.[1] === undefined ? [] : [found[1]]
      }),
  )
}

/** Words of a line as a shell reads them: without a comment, a pipe or a redirection, and what two spaces set apart. */
function wordsOf(line: string): string[] {
  const command = line.replace(/\s#.*$|\s{2,}\S.*$|\s[|>&].*$/s, '').replaceAll(/<\([^)]*\)/g, 'FILE')
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')
}

/** A word of capital letters stands for a value; a number, and one of a set, get one that is none of the person's choice. */
function filledIn([name = '', ...words]: readonly string[], table: CommandTable): string[] {
  return [name, ...words].slice(1).map((word, index, all) => {
    const option = table.options[all[index - 1]?.replace(/^--/, '') ?? '']
    const isPlace = /^[A-Z][A-Z-]*$/.test(word)
    if (!isPlace || option === undefined) return word
    if ('values' in option && option.values) return option.values[0] ?? word
    return option.kind === 'count' ? '1' : word
  })
}

/** The one line of each command that docs/commands.md makes from its table. */
const isSynopsis = (line: string) => /[[\]|]|\.\.\.$/.test(line.replaceAll(/\|\s.*$/g, ''))

function tableOf(name: string | undefined): CommandTable | undefined {
  return tables.find((table) => table.name === name)
}

const shown = pages.flatMap((page) => linesOf(page).map((line) => ({ page, line })))
const whole = shown.filter(({ page, line }) => page !== 'docs/commands.md' && !isSynopsis(line))

test('documents show commands', () => {
  expect(whole.length).toBeGreaterThan(50)
})

test.each(whole)('$page: ingot $line', ({ line }) => {
  const words = wordsOf(line)
  const table = tableOf(words[0])
  if (table === undefined) throw new Error(`there is no command "${words[0]}"`)
  expect(() => readArguments(filledIn(words, table), table)).not.toThrow()
})

/** Scripts of a bundle and of the workflows, as blocks call them, with the options that they are given there. */
const scripts = pages.flatMap((page) =>
  [
    ...readFileSync(join(root, page), 'utf8').matchAll(
      /^(?:[A-Z_]+=\S+ )*sh ((?:[\w.]+\/)*[\w-]+\.sh)(.*)$/gm,
    ),
  ].map(([, script = '', rest = '']) => ({ page, script, options: rest.match(/--[a-z][a-z-]*/g) ?? [] })),
)

test('documents show scripts', () => {
  expect(scripts.length).toBeGreaterThan(8)
})

test.each(scripts)('$page: sh $script $options', ({ script, options }) => {
  const text = readFileSync(join(root, script.includes('/') ? script : `pipelines/bundle/${script}`), 'utf8')
  expect(options.filter((option) => !text.includes(option))).toEqual([])
})

/**
 * Programs of others that blocks call, with a test that runs them in that way, or why none can. Lines of bundles and workflows that
 * begin with `sh` are above; what is no command, such as an output or a picture, begins with none of these words.
 */
const programs: Record<string, { test: string } | { notRun: string }> = {
  cosign: { test: 'test/contact/bundle-sign.test.ts' },
  dagger: { test: 'test/e2e/package.test.ts' },
  grype: { test: 'test/slow/vulnerable-image.test.ts' },
  model_signing: { test: 'test/contact/model-sign.test.ts' },
  oras: { test: 'test/contact/model-sign.test.ts' },
  helm: { notRun: 'a cluster is needed, and its page says that none was at hand' },
  kubectl: { notRun: 'a cluster is needed, and its page says that none was at hand' },
  git: { notRun: 'this repository has no address yet; test/fresh-machine.sh clones it by its folder' },
  pip: {
    notRun: 'it downloads the model that test/tools/catalogue.ts installs by the same name and version',
  },
  python3: { notRun: 'it unpacks that download' },
  export: { notRun: 'it sets a variable for the lines after it' },
}

/** Words that begin a command in blocks, though no page has it yet: a new one has to be said how it is tested. */
const otherPrograms = ['crane', 'curl', 'docker', 'mkdir', 'podman', 'regctl', 'skopeo', 'syft', 'uv']

interface Call {
  page: string
  program: string
  line: string
}

const calls: Call[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^ *```(?:console|sh|bash|shell|)\n([\s\S]*?)^ *```/gm)]
    .flatMap(([, block = '']) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*/, ''))
    .map((line) => ({ page, line, program: /^[\w./-]+(?= )/.exec(line)?.[0] ?? '' })),
)

test('blocks call no program of others that no test runs, but those that are named with the reason', () => {
  const known = [...Object.keys(programs), ...otherPrograms]
  const called = calls.filter(({ program }) => known.includes(program))
  expect(called.filter(({ program }) => !(program in programs))).toEqual([])
  expect(Object.keys(programs).filter((one) => !called.some(({ program }) => program === one))).toEqual([])
})

test.each(Object.entries(programs))('%s runs in the test that is named for it', (program, how) => {
  if (!('test' in how)) return expect(how.notRun).toMatch(/\w/)
  expect(readFileSync(join(root, how.test), 'utf8')).toMatch(
    new RegExp(`\\b${program.replace('_', '[-_]')}\\b`, 'i'),
  )
})

const scriptNames = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts)
const ofNpm = calls.filter(({ program }) => program === 'npm')

test.each(ofNpm)('$page: $line', ({ line }) => {
  const [, script] = /^npm (?:run )?([\w:-]+)/.exec(line) ?? []
  expect([...scriptNames, 'ci', 'install', 'pack']).toContain(script)
})

/** Sources that a block gives to Node, in this checkout or, seen from a folder of recipes, in that beside it. */
const sources = calls.flatMap(({ page, line }) =>
  [...line.matchAll(/\bnode ((?:\.\.\/)?[\w./-]+\.ts)/g)].map(([, source = '']) => ({
    page,
    source: source.replace('../ingot/', ''),
  })),
)

test.each(sources)('$page: node $source is there', ({ source }) => {
  expect(existsSync(join(root, source))).toBe(true)
})

interface Span {
  page: string
  span: string
}

const spans: Span[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/`ingot ([^`]+)`/g)].map(([, span = '']) => ({
    page,
    span,
  })),
)

/** Of all options, those that every command has besides. */
const everywhere = ['help', 'version', 'quiet', 'verbose']

function unknownIn(span: string): string[] {
  const [name = '', ...words] = span.split(/\s+/)
  if (name === 'help' || name === 'COMMAND' || name.startsWith('-')) return []
  const table = tableOf(name)
  if (table === undefined) return [name]
  const options = words.join(' ').match(/--[a-z][a-z-]*/g) ?? []
  return options.filter((option) => {
    const known = option.slice(2)
    return !(known in table.options) && !everywhere.includes(known)
  })
}

describe.each(pages)('%s', (page) => {
  test('names commands and options in its sentences that there are', () => {
    const wrong = spans.filter((one) => one.page === page).flatMap(({ span }) => unknownIn(span))
    expect(wrong).toEqual([])
  })
})

test.each([
  ['a command that is none', 'biuld recipe.yaml', ['biuld']],
  ['an option of another command', 'plan RECIPE --gpus all', ['--gpus']],
  ['what is there', 'verify RECIPE --runner docker --gpus all', []],
])('in a sentence, %s', (_, span, wrong) => {
  expect(unknownIn(span)).toEqual(wrong)
})

test.each([
  ['a value that an option does not take', 'run-files mine.yaml --for kubernets'],
  ['an option that is none', 'build mine.yaml --no-verfy'],
  ['an argument too many', 'plan one.yaml two.yaml'],
  ['a missing argument', 'build'],
])('in a block, %s', (_, line) => {
  const words = wordsOf(line)
  const table = tableOf(words[0])
  if (table === undefined) throw new Error('the samples are of commands that there are')
  expect(() => readArguments(filledIn(words, table), table)).toThrow()
})
