import semver from 'semver'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import { mediaTypes } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { StageError } from '../error.ts'
import { readImageManifest } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import { type Tool, toolOutput } from './tool.ts'

export interface PullContext {
  tool: Tool
  store: Store
  /** Port on loopback where the store is served as a registry during the run. */
  registryPort: number
  machine: RunnerFacts
  /** What was pulled so far. */
  pulled: Set<string>
}

/** The image from the store, by digest: the tool checks every byte against it. */
export async function pull(context: PullContext, image: Digest): Promise<string> {
  await requireZstd(context, image)
  const { tool, registryPort, pulled } = context
  const reference = `127.0.0.1:${registryPort}/ingot@${image}`
  const insecure = tool.name === 'podman' ? ['--tls-verify=false'] : []
  await toolOutput(tool, ['pull', '--quiet', ...insecure, reference])
  pulled.add(reference)
  return reference
}

async function requireZstd({ store, machine, tool }: PullContext, image: Digest): Promise<void> {
  const { layers } = await readImageManifest(store, image)
  const hasZstd = layers.some((layer) => layer.mediaType === mediaTypes.layerZstd)
  const version = semver.coerce(machine.version)
  if (!hasZstd || tool.name !== 'docker' || version === null || version.major >= 23) return
  throw new StageError('unfit-machine', {
    attempted: 'boot with docker',
    found: `Docker ${machine.version} cannot read layers packed with zstd`,
    hint: 'update Docker to 23 or newer, or verify with --runner podman or dagger',
  })
}
