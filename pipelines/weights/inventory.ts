import type { LockedFile, LockedWeights, PinnedSourceOf } from '../../recipes/locked-weights.ts'
import type { SourceOf, WeightsSource } from '../../recipes/weights.ts'
import { openConnection } from '../network/connection.ts'
import { inventoryFolder, openFolder } from './folder.ts'
import { inventoryHuggingface, openHuggingface } from './huggingface.ts'
import { inventoryOci } from './oci.ts'
import { openOci } from './oci-read.ts'
import { inventoryPypi, openPypi } from './pypi.ts'
import type { OpenWeights, SourceContext, SourceSession } from './source.ts'
import { inventoryUrl, openUrl } from './url.ts'

/** The two verbs of a kind of source. */
interface Adapter<Type extends WeightsSource['type']> {
  inventory(source: SourceOf<Type>, session: SourceSession): Promise<LockedWeights>
  open(pinned: PinnedSourceOf<Type>, session: SourceSession): Promise<OpenWeights>
}

const adapters: { [Type in WeightsSource['type']]: Adapter<Type> } = {
  huggingface: { inventory: inventoryHuggingface, open: openHuggingface },
  folder: { inventory: inventoryFolder, open: openFolder },
  oci: { inventory: inventoryOci, open: openOci },
  url: { inventory: inventoryUrl, open: openUrl },
  pypi: { inventory: inventoryPypi, open: openPypi },
}

function adapterOf(type: WeightsSource['type']): Adapter<WeightsSource['type']> {
  // The table gives each type the functions of that type; callers pass the value that the type came from.
  return adapters[type] as Adapter<WeightsSource['type']>
}

/**
 * What a source holds, pinned. Moves no payload, except for a folder, whose files are hashed where they lie. Throws
 * `WeightsError`.
 */
export async function inventoryWeights(
  source: WeightsSource,
  context: SourceContext,
): Promise<LockedWeights> {
  const { fetch, close } = openConnection(context.settings.proxies)
  try {
    return await adapterOf(source.type).inventory(source, { ...context, fetch })
  } finally {
    await close()
  }
}

/** Opens locked weights for reading; of a file only `path` is needed, the rest is looked up. */
export async function openWeights(
  { source, files }: LockedWeights,
  context: SourceContext,
): Promise<OpenWeights> {
  const { fetch, close } = openConnection(context.settings.proxies)
  try {
    const weights = await adapterOf(source.type).open(source, { ...context, fetch })
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
