import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LabError } from './errors.ts'

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly signal?: AbortSignal
}

const tailLines = 15

/** Runs a command with its output in a file; throws with the end of that file when the command fails. */
export async function runLogged(
  command: string,
  args: readonly string[],
  logFile: string,
  options: CommandOptions = {},
): Promise<void> {
  await mkdir(dirname(logFile), { recursive: true })
  await using log = await open(logFile, 'a')
  await log.write(`$ ${command} ${args.join(' ')}\n`)
  // A long build must not outlive the process that waits for it, however that dies.
  const tied = ['--pdeathsig', 'TERM', '--', command, ...args]
  const child = spawn('setpriv', tied, { ...options, stdio: ['ignore', log.fd, log.fd] })
  if ((await exitCode(child, command)) === 0) return
  throw new LabError(
    'command-failed',
    `${command} failed:\n${await tailOf(logFile)}`,
    `the whole log is ${logFile}`,
  )
}

/** The last lines of a log. */
export async function tailOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-tailLines).join('\n')
}

/** A command's standard output; `undefined` when it is missing, fails, or takes longer than `timeoutMs`. */
export async function outputOf(
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs?: number } = {},
): Promise<string | undefined> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: options.timeoutMs })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await exitCode(child, command).catch(() => undefined)
  return code === 0 ? Buffer.concat(chunks).toString('utf8') : undefined
}

function exitCode(child: ChildProcess, command: string): Promise<number | null> {
  return new Promise((done, fail) => {
    child.once('close', (code) => done(code))
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') return fail(error)
      fail(new LabError('tool-missing', `${command} is not installed`, `install ${command} and try again`))
    })
  })
}
