import { flushCompileCache } from 'node:module'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { errnoOf } from '../../lib/error.ts'
import { progressOn } from '../process/progress.ts'
import { displayOf } from '../settings/display.ts'
import type { ProcessContext } from './command.ts'
import { exitCodeOf } from './exit.ts'
import { tellFailure } from './failure.ts'

export const interruptedCode = 130

export const interruptedText = 'ingot: interrupted; the store is sound and the next run goes on from here\n'

/** How long a command that was interrupted may tidy up; a second Ctrl-C does not wait for it. */
const graceMs = 5000

/** A terminal sends Ctrl-C to all programs at once, and npx hands its own on: what comes so soon after is the same one. */
const echoMs = 1000

/** Runs a command as this process, and ends the process with its exit code, whatever still runs in it. */
export async function runAsProcess(
  run: (argv: readonly string[], context: ProcessContext) => Promise<number>,
): Promise<never> {
  const { stdout, stderr, env } = process
  const abort = new AbortController()
  const progress = progressOn(stderr, displayOf(env))
  let failedCode: number | undefined
  let isPatient = false
  // One failure ends the process; what fails while it ends is no news.
  const fail = (error: unknown) => {
    if (failedCode !== undefined) return
    failedCode = exitCodeOf(error)
    progress.end()
    stderr.write(tellFailure(error, displayOf(env)))
    void leave()
  }
  const leave = async (code = 0) => {
    await flushed()
    return leaveNow(failedCode ?? code)
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  // Nobody is left to be told.
  stderr.on('error', () => {})
  stdout.on('error', (error) => (errnoOf(error) === 'EPIPE' ? leaveNow(0) : fail(namedStdout(error))))
  abortOnSignals(abort)
  const ended = run(process.argv.slice(2), {
    stdout: (text) => void stdout.write(text),
    stderr: (text) => void stderr.write(text),
    environment: env,
    progress,
    signal: abort.signal,
    endsItself: () => {
      isPatient = true
    },
  })
  return leave(await Promise.race([ended, interrupted(abort.signal, () => isPatient)]))
}

/** The first signal aborts, another one ends the process. */
function abortOnSignals(abort: AbortController): void {
  let firstMs = 0
  const stop = () => {
    if (abort.signal.aborted && performance.now() - firstMs > echoMs) return leaveNow(interruptedCode)
    if (!abort.signal.aborted) firstMs = performance.now()
    abort.abort()
  }
  // Not `once`: signal-exit in the SDK's dependencies kills the process when it sees no listener but its own.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
}

/** For a command that does not end by itself after an interrupt; never where it says that it does. */
async function interrupted(signal: AbortSignal, isPatient: () => boolean): Promise<number> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await sleep(graceMs)
  if (isPatient()) return new Promise(() => undefined)
  process.stderr.write(interruptedText)
  return interruptedCode
}

/** What is written is out before the process ends. A full disk or a closed pipe is told by the stream's own error. */
async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    if (stream.errored === null) await new Promise<void>((resolve) => stream.write('', () => resolve()))
  // That error comes a turn later.
  await nextTurn()
}

/**
 * Node waits for its threads before it exits, and a thread may wait for ever: in a pipe without a writer, a disk that does not
 * answer, a name server. Nothing tells whether one does (`getActiveResourcesInfo` leaves out a promised `readFile`), so after
 * a failure or an interrupt a shell takes this process's place, which ends them all, and exits with the code.
 */
function leaveNow(code: number): never {
  if (code === 0) process.exit(code)
  flushCompileCache()
  // What waits for the end of the process, such as the SDK for its session.
  process.emit('exit', code)
  try {
    process.execve?.('/bin/sh', ['sh', '-c', `exit ${code}`], {})
  } catch {
    // There is no shell here; then Node's own way has to do.
  }
  return process.exit(code)
}

/** The system names no path where a stream fails. */
function namedStdout(error: Error): Error {
  return Object.assign(error, { syscall: 'write', path: 'to stdout' })
}
