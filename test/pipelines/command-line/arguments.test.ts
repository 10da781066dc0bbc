import { expect, test } from 'vitest'
import { readArguments } from '../../../pipelines/command-line/arguments.ts'
import type { CommandTable } from '../../../pipelines/command-line/option-table.ts'

const table = {
  name: 'try',
  summary: 'a command of every kind',
  positionals: { name: 'THING', least: 1, most: 2 },
  options: {
    flag: { kind: 'flag', help: 'x' },
    text: { kind: 'text', help: 'x' },
    needed: { kind: 'text', help: 'x', isRequired: true },
    many: { kind: 'text', help: 'x', isRepeatable: true },
    choice: { kind: 'text', help: 'x', values: ['one', 'two'], default: 'one' },
    picks: { kind: 'text', help: 'x', value: 'TOOL', values: ['a', 'b'], isRepeatable: true },
    count: { kind: 'count', help: 'x', range: [1, 99], default: 2 },
    share: { kind: 'number', help: 'x', range: [0, 1] },
    size: { kind: 'bytes', help: 'x', range: [10, Number.MAX_SAFE_INTEGER], aliases: ['length', 'volume'] },
  },
} as const satisfies CommandTable

const least = ['thing', '--needed', 'n']
const without = {
  flag: false,
  text: undefined,
  needed: 'n',
  many: [],
  choice: 'one',
  picks: [],
  count: 2,
  share: undefined,
  size: undefined,
}

test('what is not given has its default, no value, or is false or empty', () => {
  expect(readArguments(least, table)).toEqual({ values: without, positionals: ['thing'] })
})

test('values have the types that the table says', () => {
  const { values } = readArguments(least, table)
  values.flag satisfies boolean
  values.needed satisfies string
  values.choice satisfies 'one' | 'two'
  values.picks satisfies ('a' | 'b')[]
  values.count satisfies number
  values.size satisfies number | undefined
  // @ts-expect-error an option without a default may be missing
  values.text satisfies string
  // @ts-expect-error the table has no such option
  expect(values.nonsense).toBeUndefined()
})

test.each<[string[], Record<string, unknown>]>([
  [['--flag'], { flag: true }],
  [['--flag', '--flag'], { flag: true }],
  [['--text=--dashes'], { text: '--dashes' }],
  [['--text', ' a b '], { text: ' a b ' }],
  [['--many', 'x', '--many=y'], { many: ['x', 'y'] }],
  [['--choice', 'two'], { choice: 'two' }],
  [['--picks', 'b', '--picks', 'a'], { picks: ['b', 'a'] }],
  [['--count', '1'], { count: 1 }],
  [['--count=99'], { count: 99 }],
  [['--share', '0.92'], { share: 0.92 }],
  [['--share', '.5'], { share: 0.5 }],
  [['--share', '1'], { share: 1 }],
  [['--size', '10MiB'], { size: 10 * 1024 ** 2 }],
  [['--length', '12'], { size: 12 }],
  [['--volume=1kB'], { size: 1000 }],
])('%j', (argv, given) => {
  expect(readArguments([...least, ...argv], table).values).toEqual({ ...without, ...given })
})

test('after -- nothing is an option', () => {
  expect(readArguments(['--needed=n', '--', '--flag'], table)).toEqual({
    values: without,
    positionals: ['--flag'],
  })
})

test.each<[string[], string]>([
  [['--needed', 'n'], 'an argument is missing: THING'],
  [[...least, 'b', 'c'], 'an argument too many: c'],
  [['thing'], '--needed is missing'],
  [['thing', '--needed', ''], '--needed is empty'],
  [['thing', '--needed', ' '], '--needed is empty'],
  [[...least, '--many', 'x', '--many='], '--many is empty'],
  [[...least, '--nonsense'], 'there is no option --nonsense'],
  [[...least, '-x'], 'there is no option -x'],
  [[...least, '--text'], 'argument missing'],
  [[...least, '--text', '--flag'], 'argument is ambiguous'],
  [[...least, '--flag=yes'], 'does not take an argument'],
  [[...least, '--text', 'a', '--text', 'a'], '--text is given twice'],
  [[...least, '--size', '10', '--length', '11'], '--size (--size, --length) is given twice'],
  [[...least, '--choice', 'three'], 'there is no choice "three"; --choice takes one, two'],
  [[...least, '--picks', 'c'], 'there is no tool "c"; --picks takes a, b'],
  [[...least, '--count', '0'], '--count is "0", not a whole number from 1 to 99'],
  [[...least, '--count', '100'], '--count is "100", not a whole number from 1 to 99'],
  [[...least, '--count', '1.5'], '--count is "1.5", not a whole number'],
  [[...least, '--count=-1'], '--count is "-1"'],
  [[...least, '--count', 'NaN'], '--count is "NaN"'],
  [[...least, '--count', 'Infinity'], '--count is "Infinity"'],
  [[...least, '--share', '1.01'], '--share is "1.01", not a number from 0 to 1'],
  [[...least, '--share', 'half'], '--share is "half", not a number'],
  [[...least, '--size', '5 parsecs'], '--size is "5 parsecs", not a size such as 10GB or 512MiB'],
  [[...least, '--volume', '9'], '--volume is "9", not a size of 10 or more'],
])('%j is no command line: %s', (argv, found) => {
  expect(() => readArguments(argv, table)).toThrow(
    expect.objectContaining({
      code: 'usage',
      failure: expect.objectContaining({
        attempted: 'run `ingot try`',
        found: expect.stringContaining(found),
        hint: '`ingot try --help` shows what it takes',
      }),
    }),
  )
})

test('a large count may have its thousands apart', () => {
  const long = { ...table, options: { count: { kind: 'count', help: 'x' } } } as const
  expect(readArguments(['a', '--count', '131,072'], long).values.count).toBe(131072)
  expect(readArguments(['a', '--count', '1_000_000'], long).values.count).toBe(1e6)
  expect(() => readArguments(['a', '--count', '1,5'], long)).toThrow('not a whole number')
})
