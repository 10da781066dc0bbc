import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DisplaySettings } from '../settings/display.ts'
import { describeError, isUnexpected } from './exit.ts'

/**
 * What a person reads of a failure. The stack of one that nobody foresaw goes into a file in `.ingot/logs`, which only this
 * user may read; INGOT_DEBUG=1 shows it as well. Never throws.
 */
export function tellFailure(error: unknown, { showsPlace }: DisplaySettings): string {
  if (!isUnexpected(error)) return describeError(error)
  const stack = stackOf(error)
  const shown = showsPlace ? `${stack}\n` : ''
  const file = keepStack(stack)
  const hint =
    file === undefined
      ? 'run it again with INGOT_DEBUG=1, which shows where it happened, and report that'
      : `report it, with what ${file} says of it`
  return `${describeError(error)}  to do: ${hint}\n${shown}`
}

/** The file that has the stack now; undefined where none could be written. */
function keepStack(stack: string): string | undefined {
  try {
    const now = new Date().toISOString()
    const ingot = join(process.cwd(), '.ingot')
    const folder = join(ingot, 'logs')
    // One level at a time: Node 26 never ends where a whole path cannot be made.
    for (const level of [ingot, folder]) makeLevel(level)
    const file = join(folder, `failure-${now.slice(0, 10)}.log`)
    appendFileSync(file, `${now} ${process.argv.slice(2, 3).join(' ')}\n${stack}\n\n`, { mode: 0o600 })
    return file
  } catch {
    return undefined
  }
}

function makeLevel(folder: string): void {
  try {
    mkdirSync(folder)
  } catch {
    // It is there, or writing the file says what is wrong.
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? String(error)
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`
}
