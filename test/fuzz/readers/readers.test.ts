import { expect, test } from 'vitest'
import { foreignReaders } from './all.ts'
import { outcomeOf } from './reader.ts'

/** The slow run has more seeds of each, in a process that is watched: test/slow/fuzz.test.ts. */
const seeds = 60

test.each(foreignReaders.map((reader) => [reader.name, reader] as const))(
  '%s: what is changed is read or refused in words, and what is sound is read',
  async (_, reader) => {
    const faults: string[] = []
    const counts = { read: 0, refused: 0 }
    for (let seed = 1; seed <= seeds; seed += 1)
      try {
        counts[await outcomeOf(reader, seed)] += 1
      } catch (error) {
        faults.push(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
      }
    expect(faults).toEqual([])
    expect(counts.read).toBeGreaterThan(0)
  },
)
