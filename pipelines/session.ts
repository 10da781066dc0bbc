import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Client, connect } from '@dagger.io/dagger'
import { which } from 'zx'
import { messageOf } from '../lib/error.ts'
import { StageError } from './error.ts'

export interface EngineSession {
  client: Client
  /** File with everything the engine said in this session. */
  logFile: string
}

const containerTools = ['docker', 'podman', 'nerdctl', 'finch', 'container']

/**
 * Runs `act` with a Dagger client. Throws `no-engine` (exit 3) when there is none, and passes on what `act` throws;
 * the SDK wraps callback errors, so the cause is looked for.
 */
export async function withEngine<Result>(
  logFile: string,
  act: (session: EngineSession) => Promise<Result>,
): Promise<Result> {
  await requireEngine()
  await mkdir(dirname(logFile), { recursive: true })
  const log = createWriteStream(logFile, { flags: 'a' })
  let outcome: { result: Result } | { error: unknown } | undefined
  try {
    await connect(
      async (client) => {
        outcome = await act({ client, logFile }).then(
          (result) => ({ result }),
          (error: unknown) => ({ error }),
        )
      },
      { LogOutput: log },
    )
  } catch (error) {
    outcome ??= { error: engineFailed(error, logFile) }
  } finally {
    log.end()
  }
  if (outcome === undefined) throw engineFailed(new Error('the session ended before it began'), logFile)
  if ('error' in outcome) throw outcome.error
  return outcome.result
}

/** Says whether an engine can be had, without starting one. */
export async function engineSource(): Promise<string | null> {
  if (process.env['DAGGER_SESSION_PORT']) return 'the session of `dagger run`'
  const host = process.env['_EXPERIMENTAL_DAGGER_RUNNER_HOST']
  if (host) return host
  const found = await Promise.all(containerTools.map((tool) => which(tool, { nothrow: true })))
  const index = found.findIndex((path) => path !== null)
  return index < 0 ? null : `${containerTools[index]}, by the SDK's own provisioning`
}

async function requireEngine(): Promise<void> {
  if ((await engineSource()) !== null) return
  throw new StageError('no-engine', {
    attempted: 'start a Dagger engine',
    found: `none of ${containerTools.join(', ')} is installed and no engine address is set`,
    hint: 'install Docker or Podman; or, in a checkout of ingot on Debian as root, run `npm run lab:up` and prefix the command with `node lab/run.ts --`; or set _EXPERIMENTAL_DAGGER_RUNNER_HOST',
  })
}

function engineFailed(cause: unknown, logFile: string): StageError {
  return new StageError('no-engine', {
    attempted: 'open a session with the Dagger engine',
    found: messageOf(cause),
    hint: `see ${logFile}; check that Docker or Podman runs, or the address in _EXPERIMENTAL_DAGGER_RUNNER_HOST`,
    cause,
  })
}
