import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Situations that people reported, each with the test that holds the right behaviour; `-` where none can, with the cause. */
const [, ...rows] = readFileSync(join(import.meta.dirname, 'field-cases.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t'))

test.each(rows)('%s: %s', (row, _situation, behaviour, file = '', words = '') => {
  if (file === '-') return expect([row, behaviour]).toEqual([row, expect.stringMatching(/^not held: .{20}/)])
  const path = join(import.meta.dirname, '..', file)
  expect([file, existsSync(path)]).toEqual([file, true])
  expect(file).toMatch(/\.test\.ts$/)
  expect([file, words, readFileSync(path, 'utf8').includes(words)]).toEqual([file, words, true])
})

test('a situation stands once', () => {
  const names = rows.map(([row]) => row)
  expect([...new Set(names)]).toEqual(names)
  expect(names.length).toBeGreaterThan(80)
})
