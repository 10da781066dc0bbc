import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GatePart } from '../../images/gate/result.ts'
import type { Report } from '../../images/report/report.ts'
import { ingot, type Run, type Workplace } from '../e2e/ingot.ts'
import { vllmOnCpu } from './vllm-cpu-model.ts'

let place: Workplace
let gated: Run
let report: Report

beforeAll(async () => {
  const { recipe, ...made } = await vllmOnCpu()
  place = made.place
  expect((await ingot(['lock', recipe], place)).code).toBe(0)
  gated = await ingot(['gate', recipe, '--json'], place)
  expect(gated.stdout, gated.stderr).toContain('"gate"')
  report = JSON.parse(gated.stdout)
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

const partOf = (id: GatePart['id']) => report.gate?.parts.find((part) => part.id === id)

/** The slimmed image has neither installers nor tests nor symbols, and bytecode as the stock image has it. */
test.each(['files', 'loading', 'imports', 'flags', 'answers'] as const)(
  'vLLM on a CPU, %s: as good as stock',
  (id) => {
    expect(partOf(id)?.status, JSON.stringify(partOf(id))).toBe('passed')
  },
)

test('start-up was measured; whether it is as fast, the exit code says', () => {
  process.stdout.write(`${report.gate?.parts.map(({ id, found }) => `${id}: ${found}`).join('\n')}\n`)
  expect(partOf('start-up')?.found).toMatch(/of stock \(medians of \d+ and \d+ boots\)$/)
  expect(gated.code).toBe(partOf('start-up')?.status === 'passed' ? 0 : 1)
})
