import { expect, test } from 'vitest'
import { foreignReaders } from '../fuzz/readers/all.ts'
import { type WatchedRun, watchedRun } from '../fuzz/watched.ts'

/** `FUZZ_SEED=N FUZZ_CASES=M` runs others. */
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1)
const each = Number(process.env['FUZZ_CASES'] ?? 3200)

/** A recipe takes a hundredth of a second and more: what a person wrote is judged key by key. */
const slowReaders: Record<string, number> = { recipe: 16 }

/** Far above what any of them needs for inputs of at most 200 kB, and far below what a header can ask for. */
const mostBytes = 900e6

const ended: (WatchedRun & { name: string; count: number })[] = []

test.each(foreignReaders.map(({ name }) => [name] as const))('%s', async (name) => {
  const count = Math.ceil(each / (slowReaders[name] ?? 1))
  const run = await watchedRun(`reader ${name}`, firstSeed, count)
  ended.push({ ...run, name, count })
  const { read = 0, refused = 0 } = run.outcomes
  const megabytes = Math.round(run.peakBytes / 1e6)
  process.stderr.write(
    `| ${name} | ${count} | ${read} | ${refused} | ${run.faults.length} | ${megabytes} MB |\n`,
  )
  expect(run.faults, `${run.faults.length} of ${count} inputs`).toEqual([])
  expect(run.peakBytes).toBeLessThan(mostBytes)
})

test('a hundred thousand inputs ended as they should', () => {
  const total = ended.reduce((sum, { count }) => sum + count, 0)
  expect(ended.flatMap(({ faults }) => faults)).toEqual([])
  if (process.env['FUZZ_CASES'] === undefined) expect(total).toBeGreaterThanOrEqual(100_000)
})
