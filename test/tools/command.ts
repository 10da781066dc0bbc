import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '../../lib/error.ts'

/** What each step of an installation is given: when to stop, and the environment of its commands. */
export interface Installation {
  readonly signal: AbortSignal
  readonly folder: string
}

/** Runs a command to its end and returns what it printed; a failure shows the end of what it said. */
export async function command(
  { signal }: Pick<Installation, 'signal'>,
  program: string,
  args: readonly string[],
  variables: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const options = { env: { ...process.env, ...variables }, maxBuffer: 64 * 1024 * 1024, signal }
    return (await promisify(execFile)(program, args, options)).stdout
  } catch (error) {
    const said = messageOf(error).slice(-2000)
    throw new Error(`${program} ${args.join(' ').slice(0, 300)} failed: ${said}`, { cause: error })
  }
}
