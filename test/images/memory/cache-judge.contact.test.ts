import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test, vi } from 'vitest'
import { judgeAll, judgedSummary } from '../../tools/cache-judge/judge.ts'

// Some hundred kilobytes of a wheel are read.
vi.setConfig({ testTimeout: 180_000 })

test('pools hold what the code of vLLM makes of them, to the block and the token', async () => {
  const judged = await judgeAll()
  expect(judged.differences).toEqual([])
  expect(judged.refused).toEqual([])
  expect(judged.asked).toBeGreaterThan(700)
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/memory.md'), 'utf8')
  expect(page).toContain(judgedSummary(judged).join('\n'))
})
