// Installs every program, environment and file that tests use: node test/tools/install.ts [--for contact|e2e|slow] [--state]
// It comes before the tests, which only look things up. `--state` prints a digest of what is installed, for CI to compare.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { outputOf } from '../../lab/commands.ts'
import { withLock } from '../../lab/lock.ts'
import { messageOf } from '../../lib/error.ts'
import { type Cost, costs } from './catalogue.ts'
import type { Installation } from './command.ts'
import { toolsFolder } from './find.ts'
import { missingSteps, type Step, type Steps } from './missing.ts'
import { installedState } from './state.ts'

const reminderMs = 20_000
const usage = `usage: npm run tools -- [--for ${costs.join('|')}] [--state]`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { for: { type: 'string', default: 'e2e' }, state: { type: 'boolean', default: false } },
  })
  const cost = costs.find((name) => name === values.for)
  if (cost === undefined) throw new Error(`--for ${values.for} is no project of the tests; ${usage}`)
  if (values.state) return console.log(await installedState())
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  await install(cost, stop.signal)
}

async function install(cost: Cost, signal: AbortSignal): Promise<void> {
  const steps = missingSteps(cost)
  if (countOf(steps) === 0) return say(`all that tests of ${cost} need is here`)
  await mkdir(toolsFolder(), { recursive: true })
  const onWait = () => say('waiting for another installation into the same folder')
  await withLock(join(toolsFolder(), 'install.lock'), onWait, async () => {
    // Another process may have installed while this one waited.
    await runAll(missingSteps(cost), signal)
  })
}

/** Both rows at once, each step after the other; the first that fails stops the rest. */
async function runAll(steps: Steps, signal: AbortSignal): Promise<void> {
  if (steps.built.length > 0) await requireGo()
  const failed = new AbortController()
  const given = { folder: toolsFolder(), signal: AbortSignal.any([signal, failed.signal]) }
  const count = countOf(steps)
  const started = Date.now()
  let done = 0
  const runRow = async (row: readonly Step[]) => {
    for (const step of row) {
      given.signal.throwIfAborted()
      const seconds = await timed(step, given)
      done += 1
      say(`${done} of ${count}: ${step.what} (${seconds} s)`)
    }
  }
  say(`installing ${count} into ${toolsFolder()}, and what is Debian's into the system`)
  const rows = [steps.fetched, steps.built].map((row) =>
    runRow(row).catch((error) => {
      failed.abort()
      throw error
    }),
  )
  const ended = await Promise.allSettled(rows)
  const faults = ended.flatMap((row) => (row.status === 'rejected' ? [row.reason] : []))
  if (signal.aborted) throw new Error('stopped; what is whole stays')
  if (faults[0] !== undefined) throw faults[0]
  say(`done after ${Math.round((Date.now() - started) / 1000)} s`)
}

async function timed(step: Step, given: Installation): Promise<number> {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  const reminder = setInterval(() => say(`still at ${step.what}, after ${seconds()} s`), reminderMs)
  try {
    await step.run(given)
    return seconds()
  } finally {
    clearInterval(reminder)
  }
}

async function requireGo(): Promise<void> {
  if (await outputOf('go', ['version'])) return
  throw new Error('Go is missing, which builds some of the tools; to do: install Go 1.26 or newer')
}

function countOf({ fetched, built }: Steps): number {
  return fetched.length + built.length
}

function say(line: string): void {
  process.stderr.write(`tools: ${line}\n`)
}

try {
  await main()
} catch (error) {
  say(messageOf(error))
  process.exitCode = 3
}
