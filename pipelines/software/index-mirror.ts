import type { Client } from '../process/session.ts'
import { type IndexSettings, indexVariables } from '../weights/python-index.ts'
import type { imageFrom } from './debian.ts'

export type InstallContainer = ReturnType<typeof imageFrom>

/** Gives a container what pip and uv need to reach the index that this machine is configured for. */
export type Mirror = (container: InstallContainer) => InstallContainer

/**
 * Addresses of indexes may carry passwords, so they are secrets of the exec: in no layer, no cache key and no log. Where
 * nothing is configured, nothing is given.
 */
export async function mirrorOf(client: Client, settings: IndexSettings): Promise<Mirror> {
  const variables = Object.entries(await indexVariables(settings))
  return (container) =>
    variables.reduce(
      (current, [name, value]) => current.withSecretVariable(name, client.setSecret(`ingot-${name}`, value)),
      container,
    )
}
