import children, { ChildProcess, type SpawnSyncOptions } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'

/** A process that a test is about to start. */
export interface Started {
  readonly program: string
  /** The program's own name is not among them. */
  readonly args: readonly string[]
  /** Folders where its name is looked up. */
  readonly path: string
}

type Check = (started: Started) => void

/** What Node hands to every asynchronous start of a process; its types do not show it. */
interface Spawning {
  spawn(options: { file: string; args?: readonly string[]; envPairs?: readonly string[] }): unknown
}

/** Has every start of a process in this worker checked first; the check throws where it may not be. */
export function watchProcesses(check: Check): void {
  // Node has this method, its types do not.
  const prototype = ChildProcess.prototype as unknown as Spawning
  const start = prototype.spawn
  prototype.spawn = function (options) {
    const [, ...args] = options.args ?? []
    const variable = options.envPairs?.find((pair) => pair.startsWith('PATH='))
    check({ program: options.file, args, path: variable?.slice('PATH='.length) ?? '' })
    return start.call(this, options)
  }
  watchSync(check)
  syncBuiltinESMExports()
}

function watchSync(check: Check): void {
  const { execFileSync, execSync, spawnSync } = children
  const seen = (program: string, rest: readonly unknown[]) => {
    const args = rest.flatMap((item) => (Array.isArray(item) ? item.map(String) : []))
    // Every one of these takes its options last.
    const { env = process.env } = (rest.findLast(isOptions) ?? {}) as SpawnSyncOptions
    check({ program, args, path: env['PATH'] ?? '' })
  }
  // The types of these three are sets of overloads; what is passed through is what came in.
  const passing = (run: (...given: never[]) => unknown) =>
    ((program: string, ...rest: never[]) => {
      seen(program, rest)
      return run(...([program, ...rest] as never[]))
    }) as never
  children.execFileSync = passing(execFileSync)
  children.spawnSync = passing(spawnSync)
  children.execSync = passing(execSync)
}

function isOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
