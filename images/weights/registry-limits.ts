import { formatBytes, parseBytes } from '../../lib/bytes.ts'
import { nearestName } from '../../lib/suggest.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import { PlanError } from '../error.ts'

/** What a registry takes. `maxLayerBytes` is undefined where no limit is known. */
export interface RegistryLimits {
  name: string
  maxLayerBytes: number | undefined
}

/** GHCR's limit is widely quoted and not in its manual; the others are from AWS's quota pages. */
const profiles: Record<string, number | undefined> = {
  any: undefined,
  ghcr: 10e9,
  ecr: 52_000 * 1024 ** 2,
  'ecr-public': 10_000e6,
}

export const registryProfileNames = Object.keys(profiles)

/** Limits by profile name, or by an own size such as `20GB`. Throws `refused` for anything else. */
export function registryLimits(profile: string): RegistryLimits {
  if (profile in profiles) return { name: profile, maxLayerBytes: profiles[profile] }
  if (/^\d/.test(profile)) return { name: profile, maxLayerBytes: ownLimit(profile) }
  const ofHost = profileOfHost(profile)
  const nearest = ofHost === 'any' ? nearestName(profile, registryProfileNames) : ofHost
  throw new PlanError('refused', {
    attempted: `look up the limits of registry "${profile}"`,
    found: `known are ${registryProfileNames.join(', ')}`,
    hint: nearest ? `did you mean ${nearest}?` : 'give the largest layer as a size, such as 20GB',
  })
}

/** Every registry takes more; into less not even the head of a file would fit. */
const leastLayerBytes = 1e6

function ownLimit(text: string): number {
  const bytes = parseBytes(text)
  if (bytes >= leastLayerBytes) return bytes
  throw new PlanError('refused', {
    attempted: `look up the limits of registry "${text}"`,
    found: `a largest layer has at least ${formatBytes(leastLayerBytes)}`,
    hint: 'give the largest layer that the registry takes as a size, such as 20GB',
  })
}

/** The profile that fits the host of a reference to publish to. */
export function profileOfHost(host: string): string {
  if (host === 'ghcr.io') return 'ghcr'
  if (host === 'public.ecr.aws') return 'ecr-public'
  return /\.dkr\.ecr(-fips)?\.[\w-]+\.amazonaws\.com(\.cn)?$/.test(host) ? 'ecr' : 'any'
}

/** Refuses files that no layer of the registry can hold, all at once. */
export function refuseOversize(files: readonly WeightFile[], maxLayerBytes: number): void {
  if (files.length === 0) return
  throw new PlanError('refused', {
    attempted: `put weights into layers of at most ${formatBytes(maxLayerBytes)}`,
    found: files.map((file) => `${file.path} has ${formatBytes(file.sizeBytes)}`).join('; '),
    hint: 'publish to a registry with a higher limit, take a revision with smaller shards, or deliver the weights as mounted',
  })
}
