import { mediaTypes, type StoredLayer } from '../../images/oci.ts'
import type { WeightLayer } from '../../images/weight-layers.ts'
import { formatBytes } from '../../lib/bytes.ts'
import { isDigest } from '../../lib/digest.ts'
import { type LockedWeights, totalBytes } from '../../recipes/locked-weights.ts'
import { statBlob } from '../store/blobs.ts'
import { commitPartial, newPartial } from '../store/partial.ts'
import { readRecord, writeRecord } from '../store/record.ts'
import { freeBytes, type Store } from '../store/store.ts'
import { WeightsError } from './error.ts'
import { openHashPool } from './hashing.ts'
import { openWeights } from './inventory.ts'
import { type WriteContext, writeLayerTar } from './layer-writer.ts'
import { mapLimited } from './limit.ts'
import { openSlots } from './slots.ts'
import type { OpenWeights, SourceContext } from './source.ts'

export interface PackContext extends SourceContext {
  /** Files read at the same time. Default 4. */
  parallel?: number
  /** Bytes of all layers so far, those already in the store included, and in all. */
  onProgress?: (bytesDone: number, bytesTotal: number) => void
}

/**
 * Streams weights from their source into layers of the store, each in one pass, and gives the layers in the order of the
 * plan. A layer that the store has is neither read nor written. An interrupted layer goes on where it stopped. Throws
 * `hash-mismatch`, `size-mismatch`, `no-space`, `network`, `unauthorized`, `gated`, `not-found`; of a wrong file nothing stays.
 */
export async function packWeights(
  store: Store,
  weights: LockedWeights,
  layers: readonly WeightLayer[],
  context: PackContext,
): Promise<StoredLayer[]> {
  const stored = await Promise.all(layers.map((layer) => storedLayer(store, layer)))
  const missing = layers.filter((_, i) => stored[i] === undefined)
  const progress = progressOf(layers, missing, context)
  if (missing.length > 0) {
    await refuseFullDisk(store, totalBytes(missing))
    await packMissing(store, weights, missing, context, progress)
  }
  return Promise.all(
    layers.map(async (layer, i) => stored[i] ?? (await storedLayer(store, layer)) ?? lost(layer)),
  )
}

async function packMissing(
  store: Store,
  weights: LockedWeights,
  layers: readonly WeightLayer[],
  context: PackContext,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const parallel = context.parallel ?? 4
  const stop = new AbortController()
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal
  const slots = openSlots(2 + 3 * Math.min(parallel, layers.length))
  const pool = openHashPool(slots, totalBytes(layers))
  const open = once(() => openWeights(weights, { ...context, signal }))
  try {
    await mapLimited(layers, parallel, async (layer) => {
      try {
        await packLayer(store, layer, open, { ...context, signal, slots, pool, onBytes })
      } catch (error) {
        // The others stop as well, and keep what they have for the next run.
        stop.abort(error)
        throw error
      }
    })
  } finally {
    await open.value?.then((source) => source.close()).catch(() => {})
    await pool.close()
  }
}

/** One writer per layer on this machine; the one that waited finds the layer done. */
async function packLayer(
  store: Store,
  layer: WeightLayer,
  open: () => Promise<OpenWeights>,
  context: WriteContext,
): Promise<void> {
  const { signal } = context
  const partial = await newPartial(store, `weights-${layer.key}`, signal ? { signal } : {})
  try {
    if (await storedLayer(store, layer)) return context.onBytes(layer.sizeBytes)
    const digest = await writeLayerTar(partial.path, layer, open, context)
    await commitPartial(store, partial.path, digest, layer.sizeBytes)
    await writeRecord(store, 'weight-layer', layer.key, { digest, sizeBytes: layer.sizeBytes })
  } finally {
    partial.release()
  }
}

/** The layer as an earlier run stored it, or undefined. Its bytes were hashed then and are not read now. */
async function storedLayer(store: Store, layer: WeightLayer): Promise<StoredLayer | undefined> {
  const record = await readRecord(store, 'weight-layer', layer.key)
  if (record === null || typeof record !== 'object' || !('digest' in record)) return undefined
  const { digest } = record
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined
  if ((await statBlob(store, digest)) !== layer.sizeBytes) return undefined
  const descriptor = { mediaType: mediaTypes.layer, digest, size: layer.sizeBytes }
  return { descriptor, diffId: digest, cause: layer.cause }
}

async function refuseFullDisk(store: Store, neededBytes: number): Promise<void> {
  const free = await freeBytes(store)
  if (neededBytes <= free) return
  throw new WeightsError('no-space', {
    attempted: `store ${formatBytes(neededBytes)} of weights in ${store.root}`,
    found: `${formatBytes(free)} free on its disk`,
    hint: 'free space there, or set INGOT_STORE to a folder on a larger disk',
  })
}

function progressOf(layers: readonly WeightLayer[], missing: readonly WeightLayer[], context: PackContext) {
  const total = totalBytes(layers)
  let done = total - totalBytes(missing)
  context.onProgress?.(done, total)
  return (bytes: number) => {
    done += bytes
    context.onProgress?.(done, total)
  }
}

/** Calls `make` at the first use only, so that a source is not opened for nothing. */
function once<Value>(make: () => Promise<Value>): (() => Promise<Value>) & { value?: Promise<Value> } {
  const get: (() => Promise<Value>) & { value?: Promise<Value> } = () => {
    get.value ??= make()
    return get.value
  }
  return get
}

function lost(layer: WeightLayer): never {
  throw new WeightsError('not-found', {
    attempted: `use the layer "${layer.cause}"`,
    found: 'it left the store while the build ran',
    hint: 'do not clean the store during a build; build again',
  })
}
