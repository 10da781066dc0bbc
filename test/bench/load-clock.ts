import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { questionsOf } from '../../images/load/questions.ts'
import { quantilesOf } from '../../images/load/statistics.ts'
import { askByUsers } from '../../pipelines/load/drive.ts'

// How far the generator's times are from those of a proxy before it, with 50 requests in flight: `npx node test/bench/load-clock.ts [USERS]`.

interface Passed {
  prompt: string
  askedMs: number
  firstMs: number
  lastMs: number
}

const users = Number(process.argv[2] ?? 50)
const children: ChildProcess[] = []

/** Starts a script of this folder, and gives the address that it prints with the lines that follow. */
async function started(script: string, ...args: string[]): Promise<{ url: string; lines: string[] }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const reader = createInterface({ input: child.stdout })
  const [url] = await once(reader, 'line')
  const lines: string[] = []
  reader.on('line', (line) => lines.push(line))
  return { url: String(url), lines }
}

const words = (name: string, values: readonly number[]) => {
  const found = quantilesOf(values)
  return `${name}: p50 ${found?.p50.toFixed(3)}, p90 ${found?.p90.toFixed(3)}, p99 ${found?.p99.toFixed(3)} ms`
}

try {
  const server = await started('load-server.ts')
  const proxy = await started('load-proxy.ts', server.url)
  const readings: number[] = []
  const now = () => Number(process.hrtime.bigint()) / 1e6
  const clock = {
    now: () => {
      const atMs = now()
      readings.push(atMs)
      return atMs
    },
  }
  const target = {
    ...{ url: proxy.url, model: 'tiny', key: null, timeoutMs: 60_000, clock },
    ask: { path: '/v1/chat/completions', bodyFor: 'openai-chat' as const },
    signal: new AbortController().signal,
  }
  const shapes = [{ inputTokens: 256, outputTokens: 40 }]
  const questions = questionsOf({ shapes, requests: 4 * users }, { perWord: 2, around: 10, from: 'usage' }, 0)
  await askByUsers(target, questions.slice(0, 10), 10)
  await sleep(500)
  proxy.lines.length = 0
  readings.length = 0
  const { requests } = await askByUsers(target, questions, users)
  await sleep(500)
  // The first reading of a run is its beginning.
  const [beganMs = 0] = readings
  const passed = new Map(
    proxy.lines.map((line): [string, Passed] => {
      const one: Passed = JSON.parse(line)
      return [one.prompt, one]
    }),
  )
  const pairs = requests.flatMap((request, index) => {
    const one = passed.get(questions[index]?.prompt ?? '')
    return one === undefined || request.ttftMs === null || request.itlMs === null ? [] : [{ request, one }]
  })
  const first = pairs.map(({ request, one }) => beganMs + request.dueMs + (request.ttftMs ?? 0) - one.firstMs)
  const between = pairs.map(({ request, one }) =>
    Math.abs((request.itlMs ?? 0) - (one.lastMs - one.firstMs) / (request.outputTokens - 1)),
  )
  process.stdout.write(
    [
      `${pairs.length} of ${requests.length} requests, ${users} in flight`,
      words('first token, behind the proxy', first),
      words('between tokens, apart', between),
      '',
    ].join('\n'),
  )
} finally {
  for (const child of children) child.kill()
}
