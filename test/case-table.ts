import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Tests of a table in this folder: situations that people reported, a line each, with the test that holds the right
 * behaviour. Columns, parted by tabs: a name of its own, the situation, the right behaviour, the file of the test and words
 * that stand in it. Where no test can hold a behaviour the file is `-`, and the behaviour says `not held: ` and the cause.
 * `least` is how many lines there are at least, so that none goes unseen.
 */
export function testCases(table: string, least: number): void {
  const [, ...rows] = readFileSync(join(import.meta.dirname, table), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))

  test.each(rows)('%s: %s', (row, _situation, behaviour, file = '', words = '') => {
    if (file === '-')
      return expect([row, behaviour]).toEqual([row, expect.stringMatching(/^not held: .{20}/)])
    const path = join(import.meta.dirname, '..', file)
    expect([file, existsSync(path)]).toEqual([file, true])
    expect(file).toMatch(/\.test\.ts$/)
    expect([file, words, readFileSync(path, 'utf8').includes(words)]).toEqual([file, words, true])
  })

  test('every line has five columns, and a situation stands once', () => {
    expect(rows.filter((row) => row.length !== 5 || row.some((cell) => cell.trim() === ''))).toEqual([])
    const names = rows.map(([row]) => row)
    expect([...new Set(names)]).toEqual(names)
    expect(names.length).toBeGreaterThanOrEqual(least)
  })
}
