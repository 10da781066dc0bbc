import type { LockedFile, LockedWeights, PinnedSource } from '../../recipes/locked-weights.ts'
import type { WeightsSource } from '../../recipes/weights.ts'
import { openConnection } from './connection.ts'
import { inventoryFolder, openFolder } from './folder.ts'
import { inventoryHuggingface, openHuggingface } from './huggingface.ts'
import { inventoryOci, openOci } from './oci.ts'
import { inventoryPypi, openPypi } from './pypi.ts'
import type { OpenWeights, SourceContext, SourceSession } from './source.ts'
import { inventoryUrl, openUrl } from './url.ts'

/**
 * What a source holds, pinned. Moves no payload, except for a folder, whose files are hashed where they lie. Throws
 * `WeightsError`.
 */
export async function inventoryWeights(
  source: WeightsSource,
  context: SourceContext,
): Promise<LockedWeights> {
  const { fetch, close } = openConnection(context.environment)
  try {
    return await inventoryOf(source, { ...context, fetch })
  } finally {
    await close()
  }
}

/** Opens locked weights for reading; of a file only `path` is needed, the rest is looked up. */
export async function openWeights(
  { source, files }: LockedWeights,
  context: SourceContext,
): Promise<OpenWeights> {
  const { fetch, close } = openConnection(context.environment)
  try {
    const weights = await openPinned(source, { ...context, fetch })
    const locked = new Map(files.map((file) => [file.path, file]))
    const find = (file: LockedFile) => locked.get(file.path) ?? file
    const { openLocal } = weights
    return {
      read: (file, offset) => weights.read(find(file), offset),
      ...(openLocal ? { openLocal: (file) => openLocal(find(file)) } : {}),
      close: () => weights.close().finally(close),
    }
  } catch (error) {
    await close()
    throw error
  }
}

function inventoryOf(source: WeightsSource, session: SourceSession): Promise<LockedWeights> {
  switch (source.type) {
    case 'huggingface':
      return inventoryHuggingface(source, session)
    case 'folder':
      return inventoryFolder(source, session)
    case 'oci':
      return inventoryOci(source, session)
    case 'url':
      return inventoryUrl(source, session)
    case 'pypi':
      return inventoryPypi(source, session)
  }
}

function openPinned(pinned: PinnedSource, session: SourceSession): Promise<OpenWeights> {
  switch (pinned.type) {
    case 'huggingface':
      return openHuggingface(pinned, session)
    case 'folder':
      return openFolder(pinned, session)
    case 'oci':
      return openOci(pinned, session)
    case 'url':
      return openUrl(pinned, session)
    case 'pypi':
      return openPypi(pinned, session)
  }
}
