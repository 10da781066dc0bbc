import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { labEnvironment } from './environment.ts'
import { bringUp } from './lab.ts'
import { findRuntime, needsLab } from './runtime.ts'
import { labSettings } from './settings.ts'
import { say, tell } from './terminal.ts'

// node lab/run.ts -- COMMAND ARGS...
const separator = process.argv[2] === '--' ? 3 : 2
const [command, ...args] = process.argv.slice(separator)

await tell(async (signal) => {
  if (!command) {
    say('usage: node lab/run.ts -- COMMAND ARGS...')
    process.exitCode = 2
    return
  }
  const lab = needsLab(await findRuntime())
  if (lab) await bringUp(labSettings(), say, signal)
  signal.throwIfAborted()
  process.exitCode = await runThrough(
    command,
    args,
    lab ? { ...process.env, ...labEnvironment() } : process.env,
  )
})

/** Runs the command in our place: its terminal is ours, its signals too, and its end is our exit code. */
function runThrough(name: string, rest: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(name, rest, { stdio: 'inherit', env })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    process.removeAllListeners(signal)
    // A terminal sends Ctrl-C to the command by itself.
    process.on(
      signal,
      () => void (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)),
    )
  }
  return new Promise((done) => {
    child.once('error', (error) => {
      say(error.message)
      done(127)
    })
    child.once('close', (code, signal) => done(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}
