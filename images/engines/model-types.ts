import type { Deployment } from './engine.ts'
import { type NameHistory, standingOf } from './name-history.ts'

/** Types of models that the locked version has no code of its own for; said once and stopping nothing. */
export function modelTypeDoubts({ facts, engine, version }: Deployment, types: NameHistory): string[] {
  const type = facts?.modelType
  if (type === undefined || type === 'unknown') return []
  const { type: standing } = standingOf(type, version, types)
  if (standing === 'known') return []
  return [
    standing === 'absent'
      ? `${engine.title} ${version} has no code of its own for models of the type ${type}: it loads them by transformers where that knows the type, and ends otherwise`
      : `whether ${engine.title} ${version} has code for models of the type ${type} is not known here; its boot tells`,
  ]
}
