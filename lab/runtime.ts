import { outputOf } from './commands.ts'
import { type Environment, engineSocket, labSettings } from './settings.ts'

export type Runtime =
  /** Docker or Podman answers: the SDK starts its own engine there. */
  | { readonly kind: 'docker' | 'podman'; readonly version: string }
  /** The caller has named an engine already. */
  | { readonly kind: 'configured'; readonly host: string }
  | { readonly kind: 'none' }
  /** INGOT_LAB=1. */
  | { readonly kind: 'forced' }

export type Ask = (command: string) => Promise<string | undefined>

const answerTimeoutMs = 5_000

/** Finds what can run an engine here. */
export async function findRuntime(env: Environment = process.env, ask: Ask = askServer): Promise<Runtime> {
  if (env['INGOT_LAB'] === '1') return { kind: 'forced' }
  const host = env['_EXPERIMENTAL_DAGGER_RUNNER_HOST']
  if (host && host !== `unix://${engineSocket(labSettings(env))}`) return { kind: 'configured', host }
  const [docker, podman] = await Promise.all([ask('docker'), ask('podman')])
  if (docker) return { kind: 'docker', version: docker }
  if (podman) return { kind: 'podman', version: podman }
  return { kind: 'none' }
}

export function needsLab(runtime: Runtime): boolean {
  return runtime.kind === 'none' || runtime.kind === 'forced'
}

export function describeRuntime(runtime: Runtime): string {
  if (runtime.kind === 'docker' || runtime.kind === 'podman')
    return `${runtime.kind} ${runtime.version} answers`
  if (runtime.kind === 'configured') return `_EXPERIMENTAL_DAGGER_RUNNER_HOST is ${runtime.host}`
  return runtime.kind === 'forced' ? 'INGOT_LAB=1' : 'neither Docker nor Podman answers'
}

/** A server's version, not the client's: a client alone runs nothing. */
async function askServer(command: string): Promise<string | undefined> {
  const format = command === 'docker' ? '{{.ServerVersion}}' : '{{.Version.Version}}'
  const answer = await outputOf(command, ['info', '--format', format], { timeoutMs: answerTimeoutMs })
  return answer?.trim() || undefined
}
