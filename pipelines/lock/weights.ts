import { engineOf } from '../../images/engines/engines.ts'
import type { EngineId } from '../../recipes/engine-ids.ts'
import type { LockRequest } from '../../recipes/lock-origin.ts'
import type { LockRenewal } from '../../recipes/lock-renewal.ts'
import { type LockedWeights, wholeFiles } from '../../recipes/locked-weights.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { inventoryWeights, openWeights } from '../weights/inventory.ts'
import type { SourceContext } from '../weights/source.ts'
import { splitLargeFiles } from '../weights/split.ts'
import { requireComplete } from './completeness.ts'
import { pickWeights, readContents } from './contents.ts'
import type { EarlierReading } from './model-facts.ts'

export interface SetQuestion {
  engine: EngineId
  source: WeightsSource
  request: LockRequest
  renewal: LockRenewal
  kept: { weights: LockedWeights } | undefined
}

/** Files with what their headers say. */
interface LockedSet<Facts> {
  weights: LockedWeights
  facts: Facts
}

interface WeightsQuestion<Facts> extends SetQuestion {
  kept: LockedSet<Facts> | undefined
  /** Reads the headers; `before` is what was read of them already. */
  readFacts(weights: LockedWeights, context: SourceContext, before?: EarlierReading): Promise<Facts>
}

/**
 * The weights of a lock and what their headers say. Headers of the same bytes are not read again. Throws `refused` for weights
 * that are not complete.
 */
export async function lockWeights<Facts>(
  asked: WeightsQuestion<Facts>,
  outer: SourceContext,
): Promise<LockedSet<Facts>> {
  const { kept, renewal, request } = asked
  const context = { ...outer, formats: engineOf(asked.engine).formats }
  const listed = await listWeights(asked, context)
  const isSame = listed.files === kept?.weights.files
  const judged = isSame ? { weights: listed } : await judgeWeights(listed, asked, context)
  const weights = renewal.parts
    ? await withParts(judged.weights, request.maxLayerBytes, context)
    : judged.weights
  if (kept === undefined || kept.weights.setDigest !== weights.setDigest)
    return { weights, facts: await asked.readFacts(weights, context, judged.before) }
  return { weights, facts: kept.facts }
}

interface WeightsJudgement {
  weights: LockedWeights
  before?: EarlierReading
}

/** Listed files once more, by what indexes and headers say; and whether they are complete, unless the lock has the same bytes. */
async function judgeWeights(
  listed: LockedWeights,
  { source: { ...asked }, kept }: SetQuestion,
  context: SourceContext,
): Promise<WeightsJudgement> {
  const patterns = 'include' in asked || 'exclude' in asked ? asked : {}
  const source = await openWeights(listed, context)
  try {
    const contents = await readContents(listed, source, context)
    const weights = pickWeights(listed, contents, { patterns, context })
    if (kept?.weights.setDigest === weights.setDigest) return { weights }
    const headers = await requireComplete(weights, source, contents)
    return { weights, before: { headers, contents } }
  } finally {
    await source.close()
  }
}

async function listWeights(
  { source, renewal, kept }: SetQuestion,
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

/** Weights whose files are split to layers of a size; without one they are whole. */
export async function withParts(
  weights: LockedWeights,
  maxLayerBytes: number | undefined,
  context: SourceContext,
): Promise<LockedWeights> {
  const files = wholeFiles(weights.files)
  const whole = { ...weights, files }
  return maxLayerBytes === undefined ? whole : splitLargeFiles(whole, maxLayerBytes, context)
}
