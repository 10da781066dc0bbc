import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { questionsOf } from '../../images/load/questions.ts'
import { quantilesOf } from '../../images/load/statistics.ts'
import { askByUsers } from '../../pipelines/load/drive.ts'

// What the generator of a load costs itself, with 50 requests in flight: `npx node test/bench/load-generator.ts`.

const users = 50
const shapes = [{ inputTokens: 256, outputTokens: 100 }]

const child = spawn(process.execPath, [join(import.meta.dirname, 'load-server.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const [said] = await once(child.stdout, 'data')
  const target = {
    ...{ url: String(said).trim(), model: 'tiny', key: null, timeoutMs: 60_000 },
    ask: { path: '/v1/chat/completions', bodyFor: 'openai-chat' as const },
    clock: { now: () => performance.now() },
    signal: new AbortController().signal,
  }
  const questions = questionsOf({ shapes, requests: 4 * users }, { perWord: 2, around: 10, from: 'usage' }, 0)
  await askByUsers(target, questions.slice(0, 10), 10)
  const before = process.cpuUsage()
  const { requests, durationMs } = await askByUsers(target, questions, users)
  const { user, system } = process.cpuUsage(before)
  const tokens = requests.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
  const ttft = quantilesOf(requests.flatMap(({ ttftMs }) => ttftMs ?? []))
  process.stdout.write(
    [
      `${requests.length} requests, ${users} in flight, ${tokens} tokens in ${(durationMs / 1000).toFixed(1)} s`,
      `${((user + system) / 1000 / durationMs).toFixed(4)} of one core, ${((user + system) / tokens).toFixed(1)} us a token`,
      `ttft p50 ${ttft?.p50.toFixed(2)} p99 ${ttft?.p99.toFixed(2)} ms; errors ${requests.filter(({ error }) => error !== null).length}`,
      '',
    ].join('\n'),
  )
} finally {
  child.kill()
}
