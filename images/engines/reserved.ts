import type { Device } from './device.ts'

/**
 * How a server reads its flags. `exact`: a flag is its whole word. `getopt`: also `--flag=value`, and `-fvalue` where the
 * flag is one letter. `argparse`: also any beginning of a flag that only one flag has.
 */
export type FlagStyle = 'exact' | 'getopt' | 'argparse'

/** A setting of the command line that is made from the recipe. */
export interface ReservedFlag {
  /** All spellings that the server takes. */
  names: readonly string[]
  /** What to do instead, as a hint. */
  instead: string
  /** Where it is set for one device alone, and free on the other. */
  device?: Device
  /** What it does, where ingot does not set it and no image can have it. */
  effect?: string
  /** Values that it cannot have, in small letters, where it may have others. */
  values?: readonly string[]
}

/** What of an engine a recipe cannot set beside its own keys. */
export interface ReservedSettings {
  style: FlagStyle
  /** Null where the server takes no arguments at all. */
  flags: readonly ReservedFlag[] | null
  /** Variables by name, with what to do instead. */
  variables: Readonly<Record<string, string>>
  /** Types of the KV cache that the engine has; null where it has no such setting. */
  kvCacheDtypes: readonly string[] | null
}

/** The hint for a setting that a key of the recipe makes. */
export function use(key: string): string {
  return `use ${key}, which also the plan and the probes follow`
}

export const everyInterface =
  'the server listens on every interface of its container; docker run --publish HOST:PORT:PORT says who reaches it'

export const settingsInFile =
  'neither plan nor memory plan sees what stands in a file; write it into the recipe, or into serving.extraArguments'

export const offline = 'images are offline and tell nobody; leave it out'

/** Flags by which a server speaks TLS itself. */
export function ownTls(...names: string[]): ReservedFlag {
  return {
    names,
    effect: 'makes the server answer by HTTPS, and probes, health checks and run files ask by HTTP',
    instead: 'put what ends TLS in front of it: an ingress, a proxy, a mesh',
  }
}

/** Flags by which a server has no HTTP to be asked by. */
export function noHttp(...names: string[]): ReservedFlag {
  return {
    names,
    effect: 'leaves the server without the HTTP interface that probes, health checks and clients ask',
    instead: 'leave it out: an image is one server with its interface',
  }
}

/** Flags that say how weights are loaded: one of their values loads none. */
export function noDummyWeights(...names: string[]): ReservedFlag {
  return {
    names,
    values: ['dummy'],
    effect: 'with `dummy` serves random numbers in place of the weights that the recipe names',
    instead: 'leave it out; plan and memory are known without it (`ingot plan`)',
  }
}
