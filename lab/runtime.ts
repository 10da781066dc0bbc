import { outputOf } from './commands.ts'
import { engineRuns } from './engine.ts'
import { daggerVersion } from './engine-build.ts'
import { type Environment, engineSocket, type LabSettings, labSettings } from './settings.ts'

export type Runtime =
  /** Docker or Podman answers and can have Dagger's engine image: the SDK starts its own engine there. */
  | { readonly kind: 'docker' | 'podman' }
  /** The caller has named an engine already. */
  | { readonly kind: 'configured'; readonly host: string }
  /** The lab is up already. */
  | { readonly kind: 'lab' }
  /** INGOT_LAB=1. */
  | { readonly kind: 'forced' }
  | { readonly kind: 'none'; readonly reason: string }

/** What detection asks the machine; tests answer in its place. */
export interface Machine {
  readonly hasLab: (settings: LabSettings) => Promise<boolean>
  readonly answers: (command: 'docker' | 'podman') => Promise<boolean>
  readonly hasImage: (command: 'docker' | 'podman', image: string) => Promise<boolean>
  readonly reaches: (url: string) => Promise<boolean>
}

const timeoutMs = 5_000
const engineRegistry = 'registry.dagger.io'

/** Finds what can run an engine here. */
export async function findRuntime(
  env: Environment = process.env,
  machine: Machine = thisMachine,
): Promise<Runtime> {
  if (env['INGOT_LAB'] === '1') return { kind: 'forced' }
  const host = env['_EXPERIMENTAL_DAGGER_RUNNER_HOST']
  if (host && host !== `unix://${engineSocket(labSettings(env))}`) return { kind: 'configured', host }
  if (await machine.hasLab(labSettings(env))) return { kind: 'lab' }
  const found = await Promise.all(
    (['docker', 'podman'] as const).map(async (kind) => ((await machine.answers(kind)) ? kind : undefined)),
  )
  const kinds = found.filter((kind) => kind !== undefined)
  if (kinds.length === 0) return { kind: 'none', reason: 'neither Docker nor Podman answers' }
  const image = `${engineRegistry}/engine:${daggerVersion}`
  for (const kind of kinds) if (await machine.hasImage(kind, image)) return { kind }
  const [first] = kinds
  if (first && (await machine.reaches(`https://${engineRegistry}/v2/`))) return { kind: first }
  return { kind: 'none', reason: `${kinds.join(' and ')} cannot get ${image}` }
}

export function needsLab(runtime: Runtime): boolean {
  return runtime.kind === 'lab' || runtime.kind === 'none' || runtime.kind === 'forced'
}

export function describeRuntime(runtime: Runtime): string {
  switch (runtime.kind) {
    case 'configured':
      return `_EXPERIMENTAL_DAGGER_RUNNER_HOST is ${runtime.host}`
    case 'lab':
      return 'it is up'
    case 'forced':
      return 'INGOT_LAB=1'
    case 'none':
      return runtime.reason
    default:
      return `${runtime.kind} runs the engine`
  }
}

const thisMachine: Machine = {
  hasLab: engineRuns,
  // The server's version, because a client alone runs nothing.
  async answers(command) {
    const format = command === 'docker' ? '{{.ServerVersion}}' : '{{.Version.Version}}'
    return Boolean((await outputOf(command, ['info', '--format', format], { timeoutMs }))?.trim())
  },
  async hasImage(command, image) {
    return (await outputOf(command, ['image', 'inspect', image], { timeoutMs })) !== undefined
  },
  async reaches(url) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch(() => undefined)
    return answer !== undefined && (answer.ok || answer.status === 401)
  },
}
