import type { AccessRules } from '../boot/access.ts'
import type { Deployment, Refusal } from '../engines/engine.ts'
import { engines } from '../engines/engines.ts'
import type { RuntimeConfig } from '../oci/oci.ts'
import type { SettingsFile } from '../tree/settings.ts'
import { keyGuardedEntrypoint, keyGuardFiles } from '../weights/key-guard.ts'

/** What the boot and the image must know of the key; undefined where the recipe wants none. */
export function accessRulesOf({ recipe, engine }: Deployment): AccessRules | undefined {
  const { apiKey } = recipe.serving
  if (apiKey === false || engine.apiKey === null) return undefined
  return typeof apiKey === 'string' ? { ...engine.apiKey, secret: apiKey } : engine.apiKey
}

/** The guard comes before whatever becomes the server. */
export function withKeyGuard(key: AccessRules | undefined, config: RuntimeConfig): RuntimeConfig {
  if (key === undefined) return config
  return { ...config, Entrypoint: keyGuardedEntrypoint(config.Entrypoint ?? []) }
}

/** Engines that take a key only as an argument, or not at all, are refused: everybody on the machine reads arguments. */
export function keyRefusals({ recipe, engine }: Pick<Deployment, 'recipe' | 'engine'>): Refusal[] {
  if (recipe.serving.apiKey === false || engine.apiKey !== null) return []
  const others = engines.filter(({ apiKey }) => apiKey !== null).map(({ id }) => id)
  return [
    {
      path: 'serving.apiKey',
      found: `${engine.title} takes no key from its environment`,
      hint: `leave it out and put a proxy that asks for keys before the server, or use ${others.join(', ')}`,
    },
  ]
}

/** Files of both guards, which lie in one folder. */
export function guardFiles(ofWeights: readonly SettingsFile[], key: AccessRules | undefined): SettingsFile[] {
  const ofKey = key === undefined ? [] : keyGuardFiles(key.variable)
  const known = new Set(ofWeights.map(({ path }) => path))
  return [...ofWeights, ...ofKey.filter(({ path }) => !known.has(path))]
}
