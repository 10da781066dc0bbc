import { StageError } from '../error.ts'
import type { ProgramSettings } from '../settings/settings.ts'
import { findProgram, runProgram } from './program.ts'

/** Programs of others that a person installs; `purpose` says what is not done without. */
const tools = {
  syft: { variable: 'INGOT_SYFT', purpose: 'an SBOM', from: 'https://github.com/anchore/syft' },
  grype: {
    variable: 'INGOT_GRYPE',
    purpose: 'a look-up of known vulnerabilities',
    from: 'https://github.com/anchore/grype',
  },
  gitleaks: {
    variable: 'INGOT_GITLEAKS',
    purpose: 'a search for secrets that are not this run’s own',
    from: 'https://github.com/gitleaks/gitleaks',
  },
  cosign: { variable: 'INGOT_COSIGN', purpose: 'a signature', from: 'https://github.com/sigstore/cosign' },
} as const

export type HostTool = keyof typeof tools

/** Path of a program: what its INGOT_… variable names, else from PATH; undefined where there is none. */
export async function findHostTool(name: HostTool, programs: ProgramSettings): Promise<string | undefined> {
  const named = programs[name]
  const found = await findProgram(named || name, programs.path)
  if (found !== null || !named) return found ?? undefined
  throw missing(name, `${tools[name].variable} names ${named}, which is no program`)
}

/** The same; throws `no-tool` where there is none. */
export async function requireHostTool(name: HostTool, programs: ProgramSettings): Promise<string> {
  const found = await findHostTool(name, programs)
  if (found !== undefined) return found
  throw missing(name, `${name} is not in PATH`)
}

/** What a person reads where a stage goes on without a program. */
export function absenceOf(name: HostTool): string {
  const { purpose, variable } = tools[name]
  return `no ${purpose.replace(/^an? /, '')}: ${name} is not in PATH (${variable} can name it)`
}

export interface ToolRun extends Pick<ProgramSettings, 'environment'> {
  signal?: AbortSignal
  /** What the person is told it was for. */
  attempted: string
  /** What to do when it fails, where that is known. */
  hint?: string
}

/** Runs a program and gives what it printed; no argument may be a secret. Throws `tool-failed` with its last words. */
export async function runTool(program: string, args: readonly string[], run: ToolRun): Promise<string> {
  const done = await runProgram(program, args, run)
  if (done.exitCode === 0) return done.stdout
  run.signal?.throwIfAborted()
  throw new StageError('tool-failed', {
    attempted: run.attempted,
    found: `${program.split('/').at(-1)} ended with ${done.exitCode}: ${lastWords(done.stderr || done.stdout)}`,
    hint: run.hint ?? 'see what it says; its own --help and --verbose tell more',
  })
}

function lastWords(text: string): string {
  return text.trim().split('\n').slice(-4).join('; ').slice(-800) || 'it said nothing'
}

function missing(name: HostTool, found: string): StageError {
  const { variable, purpose, from } = tools[name]
  return new StageError('no-tool', {
    attempted: `make ${purpose}`,
    found,
    hint: `install it from ${from}, or name the program in ${variable}`,
  })
}
