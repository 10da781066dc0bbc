import type { Lock } from './lock.ts'
import type { LockDifference, LockPart } from './lock-difference.ts'
import { weightsAtSource } from './quantization.ts'

/** What `ingot update` takes from the world as it is now. */
export const updatableParts = ['engine', 'base', 'model'] as const
export type UpdatablePart = (typeof updatableParts)[number]

/** What of a lock is resolved again, and what stays pinned. */
export interface LockRenewal {
  runtime: boolean
  /** What of a renewed runtime stays: the digest of its base, or the version of its engine. Absent where nothing does. */
  keeps?: 'base' | 'engine'
  modelcar: boolean
  /** `listed`: the files of the pinned commit are listed again. */
  weights: 'kept' | 'listed' | 'resolved'
  /** Whether files are split again; those of new weights are. */
  parts: boolean
  /** Whether what lies beside the model is resolved again too, where its source is the one that was locked. */
  beside?: boolean
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

/** What an update of these parts resolves. The modelcar's programs come from a base, as the factory does. */
export function updateRenewal(parts: readonly UpdatablePart[]): LockRenewal {
  const [engine, base, model] = updatableParts.map((part) => parts.includes(part))
  return {
    runtime: engine === true || base === true,
    ...(engine === base ? {} : { keeps: engine ? ('base' as const) : ('engine' as const) }),
    modelcar: base === true,
    weights: model ? 'resolved' : 'kept',
    parts: model === true,
    beside: model === true,
  }
}

function weightsRenewal({ madeFrom, weights }: Lock, touched: ReadonlySet<LockPart>): LockRenewal['weights'] {
  const { source } = weightsAtSource(weights)
  if (touched.has('weights') || source.type === 'folder') return 'resolved'
  // Patterns take files out of those of one commit; a lock without a record does not say which patterns.
  if (source.type === 'huggingface') return touched.has('files') || !madeFrom ? 'listed' : 'kept'
  return touched.has('files') ? 'resolved' : 'kept'
}
