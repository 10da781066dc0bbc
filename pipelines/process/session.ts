import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { connect as connectTo } from 'node:net'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import type { Client, Directory, File } from '@dagger.io/dagger'
import { messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import { makeFolder } from '../files/make-folder.ts'
import { saidWhile } from '../network/waiting.ts'
import type { EngineSettings, Settings } from '../settings/settings.ts'
import { daggerErrorFrom } from './dagger-error.ts'
import { labHint } from './lab-hint.ts'
import { findProgram } from './program.ts'
import { toolAnswers } from './tool-answers.ts'

/** What stages are given to work with; only those that build with it know the SDK itself. */
export type { Client, Directory, File }

/** A Dagger engine that is opened when first asked for and stays open until `close`. */
export interface LazyEngine {
  /** Throws `no-engine` (exit 3) when there is none. */
  client(): Promise<Client>
  /** Ends the session and with it whatever still runs in it. */
  close(): Promise<void>
}

/** The SDK's own limit for a session to answer; an image of the engine may have to be pulled before. */
const startLimit = '5 min'

const containerTools = ['docker', 'podman', 'nerdctl', 'finch', 'container']

export type SessionSettings = Pick<Settings, 'engine' | 'programs'> & Partial<Pick<Settings, 'display'>>

/** `logFile` gets everything the engine says. */
export function lazyEngine(settings: SessionSettings, logFile: string): LazyEngine {
  let opened: Promise<Client> | undefined
  let ended: Promise<void> = Promise.resolve()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const open = async () => {
    await requireEngine(settings)
    await requireProgram(settings)
    await requireAnswer(settings.engine, logFile)
    await makeFolder(dirname(logFile))
    // Loading the SDK takes half a second, which a command that needs no engine does not spend.
    const { connect } = await import('@dagger.io/dagger')
    const log = createWriteStream(logFile, { flags: 'a' })
    const { promise, resolve, reject } = Promise.withResolvers<Client>()
    ended = connect(
      async (client) => {
        resolve(client)
        await released
      },
      { LogOutput: settings.display?.isVerbose ? shown(log) : log },
    )
      .catch((error: unknown) => reject(engineFailed(error, logFile)))
      .finally(() => log.end())
    return promise
  }
  return {
    client: () => (opened ??= saidWhile(`the Dagger engine is starting; gives up after ${startLimit}`, open)),
    close: async () => {
      release()
      await ended
    },
  }
}

/** Keeps what the engine says, and shows it too. */
function shown(log: Writable): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      process.stderr.write(chunk)
      log.write(chunk, done)
    },
  })
}

export interface EngineSource {
  /** Where an engine comes from; null when nowhere. */
  found: string | null
  /** Container tools that are installed and whose service does not answer. */
  silent: string[]
}

/** Says whether an engine can be had, without starting one. */
export async function engineSource({ engine, programs }: SessionSettings): Promise<EngineSource> {
  const given = engine.isInSession ? 'the session of `dagger run`' : engine.address
  if (given) return { found: given, silent: [] }
  const silent: string[] = []
  for (const tool of containerTools) {
    if ((await findProgram(tool, programs.path)) === null) continue
    if (await toolAnswers(tool, programs)) return { found: `${tool}, by the SDK's own provisioning`, silent }
    silent.push(tool)
  }
  return { found: null, silent }
}

/** Where the SDK's own program comes from, which opens each session: not needed inside `dagger run`. */
export interface ProgramSource {
  /** Path of the program; null where the SDK downloads it. */
  path: string | null
  /** False where `path` is given and is no program. */
  isThere: boolean
}

export async function programSource({ engine, programs }: SessionSettings): Promise<ProgramSource> {
  const named = engine.program
  if (named === undefined) return { path: null, isThere: true }
  const found = await findProgram(named, programs.path)
  return { path: found ?? named, isThere: found !== null }
}

/** The SDK waits for a program that is not there without saying why. */
async function requireProgram(settings: SessionSettings): Promise<void> {
  const { path, isThere } = await programSource(settings)
  if (isThere || settings.engine.isInSession) return
  throw new StageError('no-engine', {
    attempted: 'run the program of Dagger',
    found: `_EXPERIMENTAL_DAGGER_CLI_BIN names ${path}, which is no program`,
    hint: 'correct the path, or unset the variable: the SDK then downloads the program',
  })
}

async function requireEngine(settings: SessionSettings): Promise<void> {
  const { found, silent } = await engineSource(settings)
  if (found !== null) return
  throw new StageError('no-engine', {
    attempted: 'start a Dagger engine',
    found:
      silent.length === 0
        ? `none of ${containerTools.join(', ')} is installed and no engine address is set`
        : `${silent.join(' and ')} ${silent.length === 1 ? 'is' : 'are'} installed and ${silent.length === 1 ? 'does' : 'do'} not answer; no engine address is set`,
    hint: `install or start Docker or Podman; or set _EXPERIMENTAL_DAGGER_RUNNER_HOST; or, ${labHint}`,
  })
}

/** The SDK tries for minutes to reach an address where nobody listens; a socket or port is asked first. */
async function requireAnswer({ address, isInSession }: EngineSettings, logFile: string): Promise<void> {
  const place = /^unix:\/\/(?<path>.+)$|^tcp:\/\/(?<name>[^:/]+):(?<port>\d+)$/.exec(address ?? '')?.groups
  if (place === undefined || isInSession) return
  const { path, name, port } = place
  const socket =
    path === undefined ? connectTo({ host: name ?? '', port: Number(port) }) : connectTo({ path })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(10_000) })
  } catch (cause) {
    throw engineFailed(cause, logFile)
  } finally {
    socket.destroy()
  }
}

function engineFailed(cause: unknown, logFile: string): StageError {
  const known = daggerErrorFrom(cause, logFile)
  if (known?.code === 'no-engine') return known
  return new StageError('no-engine', {
    attempted: 'open a session with the Dagger engine',
    found: messageOf(cause),
    hint: `see ${logFile}; check that Docker or Podman runs, or the address in _EXPERIMENTAL_DAGGER_RUNNER_HOST`,
    cause,
  })
}

/** An error of Dagger in words; anything else as it is. */
export function explained(error: unknown, logFile: string): unknown {
  return daggerErrorFrom(error, logFile) ?? error
}
