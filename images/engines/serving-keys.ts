import type { Recipe } from '../../recipes/recipe.ts'
import type { Deployment, Refusal } from './engine.ts'

type Serving = Recipe['serving']
type ServingKey = keyof Serving

/** Values that say nothing: what every engine does by itself. */
const defaults: Partial<Record<ServingKey, unknown>> = {
  dtype: 'auto',
  parallelism: 1,
  tensorParallel: 1,
  nodes: 1,
}

/** Keys of `serving` whose value is one argument as it stands. */
type ArgumentKey = Exclude<
  ServingKey,
  'extraArguments' | 'environment' | 'sharedMemory' | 'port' | 'ollamaTemplate' | 'apiKey'
>

/** The arguments for what a recipe sets, in the order of `flags`; a default is left to the engine. */
export function servingOptions(
  { recipe: { serving } }: Deployment,
  flags: Partial<Record<ArgumentKey, string>>,
): string[] {
  return keysOf(flags).flatMap((key) => {
    // SGLang and TGI take names of quantisations in small letters alone.
    const value = key === 'quantization' ? serving[key]?.toLowerCase() : serving[key]
    return value === defaults[key] ? [] : option(flags[key] ?? '', value)
  })
}

/** Refuses keys of `serving` that an engine has no setting for; each comes with what to do instead. */
export function unsupportedKeys(
  { recipe: { serving } }: Deployment,
  hints: Partial<Record<ArgumentKey, string>>,
): Refusal[] {
  return keysOf(hints).flatMap((key) => {
    const value = serving[key]
    const hint = hints[key]
    if (value === undefined || value === defaults[key] || hint === undefined) return []
    return [{ path: `serving.${key}`, found: `${value} is set, and this engine has no such setting`, hint }]
  })
}

/** The arguments for a value that may be absent. */
export function option(flag: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [flag, String(value)]
}

function keysOf<Key extends string>(record: Partial<Record<Key, unknown>>): Key[] {
  // Object.keys forgets the type of the keys; no record here has others.
  return Object.keys(record) as Key[]
}
