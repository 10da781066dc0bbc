import { distributionsOf } from '../../recipes/lock.ts'
import type { ImagePlan } from '../plan/plan.ts'
import { type Cause, causeOfDistribution, causeOfPackage, causes } from './causes.ts'

/** Bytes of one cause that the lock knows: downloads as they are compressed, before anything is removed. */
export interface EstimatedCause {
  cause: Cause
  sizeBytes: number
  parts: { name: string; sizeBytes: number }[]
}

/** What a build will bring into an image, largest cause first. The base comes on top: nobody has read it yet. */
export function estimateCauses({
  runtime,
  weights,
}: Pick<ImagePlan, 'runtime' | 'weights'>): EstimatedCause[] {
  const { locked } = runtime
  const packages = locked.type === 'upstream' ? [] : locked.packages
  const distributions = distributionsOf(locked)
  const parts = [
    ...packages.map(({ name, sizeBytes }) => ({ cause: causeOfPackage(name), name, sizeBytes })),
    ...distributions.map(({ name, wheels }) => ({
      cause: causeOfDistribution(name),
      name,
      sizeBytes: Math.max(...wheels.map((wheel) => wheel.sizeBytes)),
    })),
    ...(weights.delivery === 'baked' ? weights.files : []).map(({ path, sizeBytes }) => ({
      cause: 'weights' as const,
      name: path,
      sizeBytes,
    })),
  ]
  return causes
    .map((cause) => {
      const own = parts.filter((part) => part.cause === cause).sort((a, b) => b.sizeBytes - a.sizeBytes)
      return {
        cause,
        sizeBytes: own.reduce((sum, part) => sum + part.sizeBytes, 0),
        parts: own.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
      }
    })
    .filter(({ parts: own }) => own.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
}
