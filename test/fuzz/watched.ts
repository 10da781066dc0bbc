import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { scratchFolder } from '../scratch.ts'

/** A case that says nothing for so long hangs. */
const hangMs = 10_000

/** Loading the program on a busy machine is no case. */
const startMs = 120_000

/** The heap of a run; a case that needs more than this ends it, and counts as a fault. */
const heapMegabytes = 1024

/** What became of cases: faults by their seed, and how many ended in which way. */
export interface WatchedRun {
  faults: string[]
  outcomes: Record<string, number>
  /** Most memory that the process had, in bytes. */
  peakBytes: number
}

/** Runs cases in a process of their own, which is killed and begun again behind a case that hangs. */
export async function watchedRun(kind: string, first: number, count: number): Promise<WatchedRun> {
  const folder = await scratchFolder()
  const all: WatchedRun = { faults: [], outcomes: {}, peakBytes: 0 }
  for (let next = first; next < first + count; ) {
    const ran = await runFrom(folder, kind, { first: next, count: first + count - next })
    all.faults.push(...ran.faults.map((text) => `${kind} seed ${text}`))
    for (const [name, more] of Object.entries(ran.outcomes))
      all.outcomes[name] = (all.outcomes[name] ?? 0) + more
    all.peakBytes = Math.max(all.peakBytes, ran.peakBytes)
    next = ran.next
  }
  return all
}

async function runFrom(folder: string, kind: string, seeds: { first: number; count: number }) {
  const script = join(import.meta.dirname, 'child.ts')
  const heap = `--max-old-space-size=${heapMegabytes}`
  const args = [heap, script, folder, kind, String(seeds.first), String(seeds.count)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  const ran = {
    faults: [] as string[],
    outcomes: {} as Record<string, number>,
    peakBytes: 0,
    next: seeds.first,
  }
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
    const [, word, number, text = ''] = /^(begin|good|bad|peak) (\d+) ?(.*)$/.exec(line) ?? []
    if (word === 'peak') ran.peakBytes = Number(number)
    under = word === 'begin' ? Number(number) : undefined
    if (word === 'good' || word === 'bad') ran.next = Number(number) + 1
    if (word === 'good') ran.outcomes[text] = (ran.outcomes[text] ?? 0) + 1
    if (word === 'bad') ran.faults.push(`${number}: ${JSON.parse(text)}`)
  })
  await once(child, 'close')
  clearTimeout(timer)
  if (under !== undefined) {
    const why = isHanging
      ? `says nothing for ${hangMs / 1000} s`
      : `ends the process: ${errors.join('').slice(-500)}`
    return { ...ran, faults: [...ran.faults, `${under}: ${why}`], next: under + 1 }
  }
  if (ran.next === seeds.first) throw new Error(`no case began: ${errors.join('')}`)
  return ran
}
