import { engineOf } from '../../images/engines/engines.ts'
import type { EngineId } from '../../recipes/engine-ids.ts'
import type { Lock } from '../../recipes/lock.ts'
import type { LockRequest } from '../../recipes/lock-origin.ts'
import type { LockRenewal } from '../../recipes/lock-renewal.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { nameOfPart, type RecipePart } from '../../recipes/parts.ts'
import type { PartFacts, PinnedPart } from '../../recipes/pinned-parts.ts'
import { sourceDifferences } from '../../recipes/source-differences.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { mapLimited } from '../weights/limit.ts'
import type { SourceContext } from '../weights/source.ts'
import { readPartFacts } from './part-facts.ts'
import { lockWeights } from './weights.ts'

interface PartsQuestion {
  engine: EngineId
  parts: readonly RecipePart[]
  request: LockRequest
  renewal: LockRenewal
  kept: Lock | undefined
}

/** The parts of a recipe that have a source, each as the model itself is locked. What the lock pins of them stays pinned. */
export async function lockParts(asked: PartsQuestion, context: SourceContext): Promise<Pick<Lock, 'parts'>> {
  const withSource = asked.parts.flatMap((part) =>
    part.source === undefined ? [] : [{ part, source: part.source }],
  )
  const parts = await mapLimited(withSource, 4, ({ part, source }) => lockPart(part, source, asked, context))
  return parts.length === 0 ? {} : { parts }
}

async function lockPart(
  part: RecipePart,
  source: WeightsSource,
  { engine, request, renewal, kept }: PartsQuestion,
  context: SourceContext,
): Promise<PinnedPart> {
  // A folder has nothing that stays; and which files are taken follows from the forms that the engine loads.
  const stays = !renewal.beside && source.type !== 'folder' && isSameForm(engine, kept?.engine.id)
  const before = stays ? keptPart(part, source, kept) : undefined
  const name = nameOfPart(part)
  const { weights, facts } = await lockWeights(
    {
      engine,
      source,
      request,
      renewal: before ? { ...renewal, weights: 'kept' } : { ...renewal, weights: 'resolved', parts: true },
      kept: before,
      readFacts: (files, session, read) => readPartFacts(part, files, { session, read }),
    },
    context,
  )
  return { role: part.role, ...(name === undefined ? {} : { name }), weights, ...facts }
}

/** What the lock has of a part whose source is the one that the lock was made from. */
function keptPart(
  part: RecipePart,
  source: WeightsSource,
  kept: Lock | undefined,
): { weights: LockedWeights; facts: PartFacts } | undefined {
  const isSame = (other: { role: string; name?: string | undefined }) =>
    other.role === part.role && other.name === nameOfPart(part)
  const recorded = kept?.madeFrom?.recipe.parts?.find(isSame)
  const pinned = kept?.parts?.find(isSame)
  if (pinned === undefined || recorded === undefined) return undefined
  const compared = { source, recorded: recorded.source, pinned: pinned.weights }
  if (sourceDifferences(compared).length > 0) return undefined
  const { role: _role, name: _name, weights, ...facts } = pinned
  return { weights, facts }
}

function isSameForm(engine: EngineId, before: EngineId | undefined): boolean {
  return before !== undefined && engineOf(engine).formats.join() === engineOf(before).formats.join()
}
