import type { Lock } from '../../recipes/lock.ts'
import type { LockRequest } from '../../recipes/lock-origin.ts'
import type { LockRenewal } from '../../recipes/lock-renewal.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { inventoryWeights } from '../weights/inventory.ts'
import type { SourceContext } from '../weights/source.ts'
import { splitLargeFiles } from '../weights/split.ts'
import { readModelFacts } from './model-facts.ts'

interface AskedWeights {
  source: WeightsSource
  request: LockRequest
  renewal: LockRenewal
  kept: Lock | undefined
}

/** The weights of a lock and what their headers say. Headers of the same bytes are not read again. */
export async function lockWeights(
  asked: AskedWeights,
  context: SourceContext,
): Promise<Pick<Lock, 'weights' | 'model' | 'gguf'>> {
  const { kept, renewal, request } = asked
  const listed = await listWeights(asked, context)
  const weights = renewal.parts ? await withParts(listed, request.maxLayerBytes, context) : listed
  if (kept === undefined || kept.weights.setDigest !== weights.setDigest)
    return { weights, ...(await readModelFacts(weights, context)) }
  const { model, gguf } = kept
  return { weights, ...(model && { model }), ...(gguf && { gguf }) }
}

async function listWeights(
  { source, renewal, kept }: AskedWeights,
  context: SourceContext,
): Promise<LockedWeights> {
  const pinned = kept?.weights.source
  if (kept === undefined || renewal.weights === 'resolved' || pinned?.type !== source.type)
    return inventoryWeights(source, context)
  if (source.type !== 'huggingface' || pinned.type !== 'huggingface') return kept.weights
  const weights =
    renewal.weights === 'listed'
      ? await inventoryWeights({ ...source, revision: pinned.commit }, context)
      : kept.weights
  return { ...weights, source: hubSource(source, pinned.commit) }
}

/** As the recipe writes it today: where the token is kept may have changed. */
function hubSource(source: WeightsSource & { type: 'huggingface' }, commit: string): LockedWeights['source'] {
  const { repo, revision, token } = source
  return { type: 'huggingface', repo, revision, commit, ...(token !== undefined && { token }) }
}

async function withParts(
  weights: LockedWeights,
  maxLayerBytes: number | undefined,
  context: SourceContext,
): Promise<LockedWeights> {
  const files = weights.files.map(({ split, ...file }) => file)
  const whole = { ...weights, files }
  return maxLayerBytes === undefined ? whole : splitLargeFiles(whole, maxLayerBytes, context)
}
