import type { ExecError } from '@dagger.io/dagger'
import { IngotError, messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import { labHint } from './lab-hint.ts'

/**
 * What an error of the Dagger SDK or its engine means, for whoever called; undefined for everything else. By its members:
 * `instanceof` would need the SDK, which is loaded only when an engine is.
 */
export function daggerErrorFrom(
  error: unknown,
  logFile = 'the engine’s log in .ingot/logs',
): StageError | undefined {
  const chain = chainOf(error)
  // Words of our own for it are better than its own.
  if (chain[0] instanceof IngotError) return undefined
  const failed = chain.find(isExecError)
  if (failed) return execFailed(failed, logFile, error)
  const found = chain.find(isDaggerError)
  return found && (noImage(found, error) ?? requestFailed(found, logFile, error))
}

/** How a program ended that the engine ran, and what it said; undefined where something else failed. */
export function endOfExec(error: unknown): { text: string; exitCode: number } | undefined {
  const failed = chainOf(error).find(isExecError)
  return failed && { text: `${failed.stdout}\n${failed.stderr}`, exitCode: failed.exitCode }
}

function execFailed(
  { stderr, stdout, cmd, exitCode }: ExecError,
  logFile: string,
  cause: unknown,
): StageError {
  const said = `${stderr}\n${stdout}`.trim().split('\n').slice(-20).join('\n  ')
  if (/exec format error/i.test(said)) return foreign(cmd, said, cause)
  return new StageError('engine-failed', {
    attempted: `run \`${cmd.join(' ').trim().slice(0, 120)}\` in the Dagger engine`,
    found: `exit code ${exitCode}\n  ${said}`,
    hint: `see ${logFile} for everything the engine said`,
    cause,
  })
}

/** The kernel starts no program of another architecture without an emulator. */
function foreign(cmd: readonly string[], said: string, cause: unknown): StageError {
  return new StageError('engine-failed', {
    attempted: `run \`${cmd.join(' ').trim().slice(0, 120)}\` in the Dagger engine, on the platform of the image`,
    found: `the engine's machine starts no program of that platform: ${oneLine(said)}`,
    hint: 'register an emulator there (Debian: qemu-user-binfmt; with Docker: `docker run --privileged --rm tonistiigi/binfmt --install arm64`; in the lab: `npm run lab:emulation`), use an engine on such a machine, or set image.platform to its own',
    cause,
  })
}

/** `failed to resolve image "docker.io/library/x:1" (platform: …): reason`, as engine 0.21 says it. */
function noImage({ message }: Error, cause: unknown): StageError | undefined {
  const [, image, reason = ''] = /failed to resolve image "([^"]+)"(?: \([^)]*\))?: (.+)/s.exec(message) ?? []
  if (image === undefined) return undefined
  const found = oneLine(reason)
  const isMissing = /: not found$/.test(found)
  return new StageError('engine-failed', {
    attempted: `pull the image ${image}`,
    found: isMissing ? 'the registry has no such image' : `the engine said: ${found}`,
    hint: isMissing
      ? 'check its name and tag; `image.base` of the recipe names another base'
      : 'check that the engine reaches the registry (its network, proxy and login); `image.base` of the recipe names another base',
    cause,
  })
}

/** Codes of the SDK for failures before a session is there. */
const sessionCodes = ['D103', 'D104', 'D105', 'D106']

function requestFailed(error: DaggerError, logFile: string, cause: unknown): StageError {
  const found = oneLine(error.message) || error.name
  if (error.code === 'D106')
    return new StageError('no-engine', {
      attempted: 'get the program of Dagger that starts a session',
      found,
      hint: `the SDK downloads it from dl.dagger.io each time, without a proxy; where that cannot be reached, put the program here and name it in _EXPERIMENTAL_DAGGER_CLI_BIN; \`ingot doctor\` says which version; or, ${labHint}`,
      cause,
    })
  return new StageError(sessionCodes.includes(error.code) ? 'no-engine' : 'engine-failed', {
    attempted: sessionCodes.includes(error.code)
      ? 'open a session with the Dagger engine'
      : 'have work done by the Dagger engine',
    found,
    hint: `see ${logFile} for everything the engine said; \`ingot doctor\` says whether it can be reached`,
    cause,
  })
}

interface DaggerError extends Error {
  code: string
}

function isDaggerError(error: unknown): error is DaggerError {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^D1\d\d$/.test(error.code)
  )
}

function isExecError(error: unknown): error is ExecError {
  return error instanceof Error && 'cmd' in error && 'exitCode' in error && 'stderr' in error
}

function chainOf(error: unknown): unknown[] {
  return error instanceof Error ? [error, ...chainOf(error.cause)] : []
}

function oneLine(text: string): string {
  return messageOf(text).replaceAll(/\s+/g, ' ').trim().slice(0, 400)
}
