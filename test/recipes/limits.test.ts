import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseRecipe } from '../../recipes/parse.ts'

const demo = readFileSync(join(import.meta.dirname, '../../recipes/smollm2-135m-llama-cpp.yaml'), 'utf8')

function problemsOf(text: string) {
  const parsed = parseRecipe(text, 'r.yaml')
  return parsed.ok ? [] : parsed.problems
}

/** A recipe with one more line in a section, in place of the same key. */
function withLine(section: string, key: string, value: string): string {
  const without = demo.replace(new RegExp(`^  ${key}:.*\n(?: {4}.*\n)*`, 'm'), '')
  const line = `  ${key}: ${value}\n`
  return without.includes(`\n${section}:\n`)
    ? without.replace(`\n${section}:\n`, `\n${section}:\n${line}`)
    : `${without}${section}:\n${line}`
}

const many = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => item(i))
const list = (count: number) => `[${many(count, (i) => `"a${i}"`).join(', ')}]`
const map = (count: number) => `{${many(count, (i) => `a${i}: x`).join(', ')}}`

const limits = [
  ['serving', 'contextLength', '16777216', '16777217'],
  ['serving', 'contextLength', '4096', '1000000000000'],
  ['serving', 'contextLength', '4096', '1e400'],
  ['serving', 'contextLength', '4096', '-1'],
  ['serving', 'contextLength', '4096', '4096.5'],
  ['serving', 'contextLength', '4096', '.nan'],
  ['serving', 'maxInputTokens', '16777216', '16777217'],
  ['serving', 'maxPrefillTokens', '16777216', '16777217'],
  ['serving', 'parallelism', '65536', '65537'],
  ['serving', 'tensorParallel', '1024', '1025'],
  ['serving', 'port', '65535', '65536'],
  ['serving', 'port', '1', '0'],
  ['serving', 'sharedMemory', '64GiB', '2000TB'],
  ['serving', 'sharedMemory', '1', '0B'],
  ['serving', 'extraArguments', list(512), list(513)],
  ['serving', 'extraArguments', '["a"]', `["${'a'.repeat(32_769)}"]`],
  ['serving', 'extraArguments', '["a"]', '["a\\0b"]'],
  ['serving', 'environment', map(512), map(513)],
  ['serving', 'environment', '{A: "1"}', '{A: "1\\0"}'],
  ['serving', 'environment', '{A: "1"}', '{"A=B": "1"}'],
  ['serving', 'environment', '{A: "1"}', `{A: "${'a'.repeat(32_769)}"}`],
  ['serving', 'quantization', 'Q4_K_M', 'q'.repeat(257)],
  ['image', 'labels', map(512), map(513)],
  ['image', 'labels', '{a: x}', `{${'a'.repeat(257)}: x}`],
  ['target', 'count', '1024', '1025'],
  ['verify', 'startTimeoutSeconds', '86400', '86401'],
  ['verify', 'prompts', list(64), list(65)],
  ['verify', 'profiles', '[hostile, plain]', '[hostile, plain, hostile]'],
  ['image', 'budgets', '{total: 1GB}', '{total: 0}'],
  ['image', 'budgets', '{layer: 10MB}', '{layer: 0MB}'],
  ['image', 'budgets', '{runtime: 10MB}', `{runtime: ${'9'.repeat(60)}GB}`],
] as const

const short = (text: string) =>
  text.length > 40 ? `${text.slice(0, 40)}… (${text.length} characters)` : text
const titled = limits.map(([section, key, good, bad]) => ({
  title: `${section}.${key} takes ${short(good)} and not ${short(bad)}`,
  section,
  key,
  good,
  bad,
}))

test.each(titled)('$title', ({ section, key, good, bad }) => {
  expect(problemsOf(withLine(section, key, good))).toEqual([])
  const [problem, ...others] = problemsOf(withLine(section, key, bad))
  expect(others).toEqual([])
  expect(problem?.path).toMatch(new RegExp(`^${section}\\.${key}`))
  expect(problem?.message.length).toBeLessThan(600)
})

test('a name fits a label of DNS', () => {
  const named = (name: string) => demo.replace('name: smollm2-135m-llama-cpp', `name: ${name}`)
  expect(problemsOf(named('a'.repeat(63)))).toEqual([])
  expect(problemsOf(named('a'.repeat(64)))).toMatchObject([
    { path: 'name', message: expect.stringContaining('at most 63 characters') },
  ])
})

test.each(['*[Q4*.gguf', '[', 'a[!', '*[z-a]*', '[]'])(
  'the pattern %j is a problem at its place',
  (pattern) => {
    const source = `  source:\n    type: folder\n    path: .\n    include: ["*.json", ${JSON.stringify(pattern)}]\n`
    const text = demo.replace(/ {2}source:\n(?: {4}.*\n)+/, source)
    const line = text.split('\n').findIndex((item) => item.includes('include'))
    expect(problemsOf(text)).toMatchObject([
      {
        path: 'weights.source.include.1',
        line: line + 1,
        column: (text.split('\n')[line] ?? '').indexOf(JSON.stringify(pattern)) + 1,
        message: expect.stringMatching(/glob pattern that can be read \(the (bracket|range)/),
      },
    ])
  },
)

/** Texts that make a parser slow, deep or endless; each is refused with a place and without a throw. */
const hostile: Record<string, string> = {
  '22 MB with 200,000 labels': `image:\n  labels:\n${many(200_000, (i) => `    label${i}: "${'x'.repeat(90)}"\n`).join('')}`,
  'as many labels as fit': `image:\n  labels:\n${many(12_000, (i) => `    label${i}: x\n`).join('')}`,
  'as many unknown keys as fit': many(20_000, (i) => `k${i}: 1\n`).join(''),
  'one key many times': 'name: a\n'.repeat(25_000),
  'brackets that never close': `a: ${'['.repeat(200_000)}`,
  'maps in maps': `a: ${'{a: '.repeat(60_000)}`,
  'maps in maps that close': `a: ${'{a: '.repeat(200)}${'}'.repeat(200)}`,
  'dashes in dashes': `${'- '.repeat(100_000)}a`,
  'indentation without an end': many(600, (i) => `${' '.repeat(i)}a:\n`).join(''),
  'aliases that multiply': `a: &a [x,x,x,x,x,x,x,x,x]\n${many(8, (i) => `k${i}: &k${i} [${`*${i === 0 ? 'a' : `k${i - 1}`},`.repeat(9)}]\n`).join('')}`,
  'very many aliases': `a: &a x\nb:\n${'- *a\n'.repeat(40_000)}`,
  'an alias inside of itself': 'a: &a [*a]\n',
  'nothing but quotes': '"'.repeat(250_000),
  'nothing but bytes 0': '\0'.repeat(100_000),
  'a list as a key': '? [a]\n: b\n',
  'one very long tag': `${'!'.repeat(200_000)} a`,
}

test.each(Object.keys(hostile))('%s: refused with a place', (name) => {
  const problems = problemsOf(hostile[name] ?? '')
  expect(problems.length).toBeGreaterThan(0)
  expect(problems.length).toBeLessThanOrEqual(100)
  for (const problem of problems) {
    expect(problem.line).toBeGreaterThan(0)
    expect(problem.column).toBeGreaterThan(0)
    expect(problem.message.length + problem.path.length).toBeLessThan(1100)
  }
})
