import { LabError } from './errors.ts'

export type Say = (line: string) => void

// The environment lacks something, as in ingot's own exit codes.
const environmentMissing = 3
// What a shell reports for Ctrl-C.
const interrupted = 130

export function say(line: string): void {
  process.stderr.write(`lab: ${line}\n`)
}

/** Runs a command's story: a signal aborts it, a lab error becomes two lines and exit code 3. */
export async function tell(story: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort())
  try {
    await story(stop.signal)
  } catch (error) {
    if (stop.signal.aborted) {
      say('stopped')
      process.exitCode = interrupted
    } else if (error instanceof LabError) {
      say(`${error.message}\nlab: ${error.hint}`)
      process.exitCode = environmentMissing
    } else throw error
  }
}
