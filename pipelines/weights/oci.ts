import type { LockedWeights, PinnedOf } from '../../recipes/locked-weights.ts'
import type { SourceOf } from '../../recipes/weights.ts'
import { WeightsError } from './error.ts'
import type { OpenWeights, SourceSession } from './source.ts'

export async function inventoryOci(source: SourceOf<'oci'>, _session: SourceSession): Promise<LockedWeights> {
  throw new WeightsError('bad-answer', {
    attempted: `read ${source.reference}`,
    found: 'this source is not written yet',
    hint: 'use another source',
  })
}
export async function openOci(pinned: PinnedOf<'oci'>, _session: SourceSession): Promise<OpenWeights> {
  throw new WeightsError('bad-answer', {
    attempted: `read ${pinned.reference}`,
    found: 'this source is not written yet',
    hint: 'use another source',
  })
}
