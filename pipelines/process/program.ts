import type { ProgramSettings } from '../settings/settings.ts'

/** What a finished program said. */
export interface ProgramOutput {
  /** 1 where a signal ended it. */
  exitCode: number
  stdout: string
  stderr: string
  /** Both streams in the order they came. */
  all: string
}

/** Path of a program on this machine, or null. */
export async function findProgram(name: string, path: string): Promise<string | null> {
  const { which } = await zx()
  return which(name, { nothrow: true, path })
}

/** Runs a program to its end, whatever its exit code. No argument may be a secret. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { environment, signal }: Pick<ProgramSettings, 'environment'> & { signal?: AbortSignal },
): Promise<ProgramOutput> {
  const { $ } = await zx()
  const output = await $({
    env: environment,
    quiet: true,
    nothrow: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  })`${[program, ...args]}`
  return {
    exitCode: output.exitCode ?? 1,
    stdout: output.stdout.trim(),
    stderr: output.stderr,
    all: output.stdall,
  }
}

/** Loaded by whoever starts a program: most commands start none. */
function zx() {
  return import('zx')
}
