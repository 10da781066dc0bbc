import { engineOf } from '../engines/engines.ts'
import type { ImagePlan } from './plan.ts'

/**
 * Whether the Python packages of an image are the engine's own, as published: wheels that are locked from an index, and the engine's own
 * image; in another base anything may lie.
 */
export function hasPublicPackages({
  engine,
  runtime: { source },
}: Pick<ImagePlan, 'engine' | 'runtime'>): boolean {
  if (source.type === 'python') return true
  return engineOf(engine.id).runtimes.some((runtime) => runtime.source.base === source.base)
}
