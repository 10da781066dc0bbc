import { expect, test, vi } from 'vitest'
import { watchedRun } from './watched.ts'

/** `FUZZ_SEED=N FUZZ_CASES=M` runs others, or one again. */
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1)
const counts: Record<string, number> = { recipe: 400, lock: 400, folder: 200 }

vi.setConfig({ testTimeout: 1_200_000 })

test.each(Object.entries(counts))(
  `seeds from ${firstSeed}: a changed %s ends in order, whatever was changed`,
  async (kind, usual) => {
    const count = Number(process.env['FUZZ_CASES'] ?? usual)
    const { faults } = await watchedRun(kind, firstSeed, count)
    expect(faults, `${faults.length} of ${count} cases`).toEqual([])
  },
)
