import type { PrintedHelp } from '../../images/gate/flags.ts'
import { endOfExec } from '../process/dagger-error.ts'
import type { ServerContainer } from './server-container.ts'

/** What the server of a container prints of its flags. Nothing is loaded, so no GPU is needed. */
export async function printHelp(
  container: ServerContainer,
  command: readonly string[],
): Promise<PrintedHelp> {
  try {
    const done = container.withExec([...command])
    return { text: `${await done.stdout()}\n${await done.stderr()}`, exitCode: 0 }
  } catch (error) {
    const ended = endOfExec(error)
    if (ended === undefined) throw error
    return ended
  }
}
