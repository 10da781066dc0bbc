import type { Lock } from './lock.ts'
import type { LockDifference, LockPart } from './lock-difference.ts'

/** What of a lock is resolved again, and what stays pinned. */
export interface LockRenewal {
  runtime: boolean
  modelcar: boolean
  /** `listed`: the files of the pinned commit are listed again. */
  weights: 'kept' | 'listed' | 'resolved'
  /** Whether files are split again; those of new weights are. */
  parts: boolean
}

/**
 * What `ingot lock` asks the world for: everything without an earlier lock, else what the differences touch. A folder is
 * always read, since it has nothing that stays. Of a lock without a record that is renewed which it cannot tell.
 */
export function lockRenewal(before: Lock | undefined, differences: readonly LockDifference[]): LockRenewal {
  if (before === undefined) return { runtime: true, modelcar: true, weights: 'resolved', parts: true }
  const touched = new Set<LockPart>(differences.flatMap(({ renews }) => renews))
  const isUnrecorded = before.madeFrom === undefined
  const weights = weightsRenewal(before, touched)
  return {
    // Its platform is not known.
    runtime: touched.has('runtime') || (isUnrecorded && before.runtime.type === 'upstream'),
    modelcar: touched.has('modelcar'),
    weights,
    parts: touched.has('parts') || weights !== 'kept' || isUnrecorded,
  }
}

function weightsRenewal(
  { madeFrom, weights: { source } }: Lock,
  touched: ReadonlySet<LockPart>,
): LockRenewal['weights'] {
  if (touched.has('weights') || source.type === 'folder') return 'resolved'
  // Patterns take files out of those of one commit; a lock without a record does not say which patterns.
  if (source.type === 'huggingface') return touched.has('files') || !madeFrom ? 'listed' : 'kept'
  return touched.has('files') ? 'resolved' : 'kept'
}
