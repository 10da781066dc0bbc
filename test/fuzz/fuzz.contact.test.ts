import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test, vi } from 'vitest'
import { scratchFolder } from '../scratch.ts'

/** A case that says nothing for so long hangs. */
const hangMs = 10_000

/** Loading the program on a busy machine is no case. */
const startMs = 120_000

/** `FUZZ_SEED=N FUZZ_CASES=M` runs others, or one again. */
const firstSeed = Number(process.env['FUZZ_SEED'] ?? 1)
const counts: Record<string, number> = { recipe: 400, lock: 400, folder: 200 }

vi.setConfig({ testTimeout: 1_200_000 })

/** Runs cases in a process of their own, which is killed and begun again behind a case that hangs. Gives what went wrong. */
async function faultsOf(kind: string, first: number, count: number): Promise<string[]> {
  const folder = await scratchFolder()
  const faults: string[] = []
  for (let next = first; next < first + count; ) {
    const ran = await runFrom(folder, kind, next, first + count - next)
    faults.push(...ran.faults.map((text) => `${kind} seed ${text}`))
    next = ran.next
  }
  return faults
}

async function runFrom(folder: string, kind: string, first: number, count: number) {
  const script = join(import.meta.dirname, 'child.ts')
  const args = [script, folder, kind, String(first), String(count)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  const faults: string[] = []
  let next = first
  let under: number | undefined
  let isHanging = false
  const watch = (limitMs: number) =>
    setTimeout(() => {
      isHanging = true
      child.kill('SIGKILL')
    }, limitMs)
  let timer = watch(startMs)
  createInterface(child.stdout).on('line', (line) => {
    clearTimeout(timer)
    timer = watch(hangMs)
    const [, word, seed, text] = /^(begin|good|bad) (\d+) ?(.*)$/.exec(line) ?? []
    under = word === 'begin' ? Number(seed) : undefined
    if (word !== 'begin') next = Number(seed) + 1
    if (word === 'bad') faults.push(`${seed}: ${JSON.parse(text ?? '""')}`)
  })
  await once(child, 'close')
  clearTimeout(timer)
  if (under !== undefined) {
    const why = isHanging
      ? `says nothing for ${hangMs / 1000} s`
      : `ends the process: ${errors.join('').slice(-500)}`
    faults.push(`${under}: ${why}`)
    next = under + 1
  } else if (next === first) throw new Error(`no case began: ${errors.join('')}`)
  return { faults, next }
}

test.each(Object.entries(counts))(
  `seeds from ${firstSeed}: a changed %s ends in order, whatever was changed`,
  async (kind, usual) => {
    const count = Number(process.env['FUZZ_CASES'] ?? usual)
    const faults = await faultsOf(kind, firstSeed, count)
    expect(faults, `${faults.length} of ${count} cases`).toEqual([])
  },
)
