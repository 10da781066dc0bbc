import { join } from 'node:path'
import type { CommandContext } from '../command-line/command.ts'
import { stateFolder } from '../process/folders.ts'
import { explained, type LazyEngine, lazyEngine } from '../process/session.ts'

/**
 * Runs `act` with an engine that opens on demand and ends with it, or at once when the command is interrupted. `explain`
 * puts a failure that `act` keeps to itself into words, as is done here with what it throws.
 */
export async function withEngine<Result>(
  context: CommandContext,
  act: (engine: LazyEngine, explain: (error: unknown) => unknown) => Promise<Result>,
): Promise<Result> {
  const logFile = join(stateFolder(), 'logs', `engine-${new Date().toISOString().slice(0, 10)}.log`)
  const engine = lazyEngine(context.settings, logFile)
  const close = () => void engine.close()
  context.signal.addEventListener('abort', close, { once: true })
  try {
    return await Promise.race([
      act(engine, (error) => explained(error, logFile)),
      rejectOnAbort(context.signal),
    ])
  } catch (error) {
    throw explained(error, logFile)
  } finally {
    context.signal.removeEventListener('abort', close)
    await engine.close()
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
