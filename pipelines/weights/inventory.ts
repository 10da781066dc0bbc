import type { LockedFile, LockedWeights, PinnedSourceOf } from '../../recipes/locked-weights.ts'
import type { WholeWeights } from '../../recipes/pinned-parts.ts'
import type { SourceOf, WeightsSource } from '../../recipes/weights.ts'
import { openConnection } from '../network/connection.ts'
import { inventoryFolder, openFolder } from './folder.ts'
import { inventoryHuggingface, openHuggingface } from './huggingface.ts'
import { inventoryOci } from './oci.ts'
import { openOci } from './oci-read.ts'
import { inventoryPypi, openPypi } from './pypi.ts'
import { openQuantized } from './quantized.ts'
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
export async function openWeights(weights: WholeWeights, context: SourceContext): Promise<OpenWeights> {
  const { beside, ...model } = weights
  return beside === undefined
    ? openSet(weights, context)
    : openTogether([{ folder: '', weights: model }, ...beside], context)
}

/** Several sources as one; each is opened when the first of its files is read. */
function openTogether(
  sets: readonly { folder: string; weights: LockedWeights }[],
  context: SourceContext,
): OpenWeights {
  const opened = new Map<string, Promise<OpenWeights>>()
  const ownOf = async (file: LockedFile) => {
    const { folder, weights } =
      sets.find((set) => set.folder !== '' && file.path.startsWith(`${set.folder}/`)) ?? sets[0] ?? noSet()
    const open = opened.get(folder) ?? openSet(weights, context)
    opened.set(folder, open)
    const path = folder === '' ? file.path : file.path.slice(folder.length + 1)
    return { from: await open, own: { ...file, path } }
  }
  return {
    async *read(file, offset) {
      const { from, own } = await ownOf(file)
      yield* from.read(own, offset)
    },
    async openLocal(file) {
      const { from, own } = await ownOf(file)
      return from.openLocal?.(own)
    },
    async close() {
      const all = await Promise.allSettled(opened.values())
      await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
    },
  }
}

function noSet(): never {
  throw new Error('there are no weights to open')
}

async function openSet(set: LockedWeights, context: SourceContext): Promise<OpenWeights> {
  const { source, files } = set
  if (source.type === 'quantized')
    return openQuantized(source, files, {
      makeQuantized: context.makeQuantized,
      openSource: () => openSet(source.from, context),
    })
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
