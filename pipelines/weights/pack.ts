import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { mediaTypes, type StoredLayer } from '../../images/oci/oci.ts'
import type { WeightLayer } from '../../images/weights/layers.ts'
import { formatBytes } from '../../lib/bytes.ts'
import { isDigest } from '../../lib/digest.ts'
import { totalBytes } from '../../recipes/locked-weights.ts'
import type { WholeWeights } from '../../recipes/pinned-parts.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import { intactBytes } from '../store/damage.ts'
import { freeBytes } from '../store/open.ts'
import { commitPartial, newPartial, type PartialDownload } from '../store/partial.ts'
import { fileNameOf, readCache, touchRecord, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { forSource, WeightsError } from './error.ts'
import { openHashPool } from './hashing.ts'
import { openWeights } from './inventory.ts'
import { openKnownFile, rememberFiles } from './known-files.ts'
import { type WriteContext, writeLayerTars } from './layer-writer.ts'
import { mapLimited } from './limit.ts'
import { unpackedBytes } from './oci-read.ts'
import { makeAhead } from './quantized.ts'
import { openSlots } from './slots.ts'
import type { OpenWeights, SourceContext } from './source.ts'
import { readPartHeaders } from './split.ts'

export interface PackContext extends SourceContext {
  /** Files read at the same time. Default 4. */
  parallel?: number
  /** Bytes of all layers so far, those already in the store included, and in all. */
  onProgress?: (bytesDone: number, bytesTotal: number) => void
  /** Bytes of one layer that is in the store and has to be hashed, because its file changed. */
  onCheck?: (bytesDone: number, bytesTotal: number) => void
}

/** Only files that changed are hashed; several at once would only take more memory. */
const layersHashedAtOnce = 1

/**
 * Streams weights from their source into layers of the store, each in one pass, and gives the layers in the order of the
 * plan. A layer that the store has is neither read nor written. An interrupted layer goes on where it stopped. Throws
 * `hash-mismatch`, `size-mismatch`, `no-space`, `network`, `unauthorized`, `gated`, `not-found`; of a wrong file nothing stays.
 */
export async function packWeights(
  store: Store,
  weights: WholeWeights,
  layers: readonly WeightLayer[],
  context: PackContext,
): Promise<StoredLayer[]> {
  const stored = await mapLimited(layers, layersHashedAtOnce, (layer) => storedLayer(store, layer, context))
  const missing = layers.filter((_, i) => stored[i] === undefined)
  const jobs = jobsOf(layers, missing)
  const progress = progressOf(layers, jobs.flat(), context)
  if (jobs.length > 0) {
    await refuseFullDisk(store, jobs.flat(), unpackedBytes(weights.files))
    await makeMissing(weights, jobs.flat(), context)
    await runJobs(store, weights, jobs, { ...context, onBytes: progress })
  }
  return Promise.all(
    layers.map(async (layer, i) => stored[i] ?? (await storedLayer(store, layer)) ?? lost(layer)),
  )
}

/** Files that are quantised here and that these layers want; those of parts come from sources of their own. */
async function makeMissing(
  { source, files, beside = [] }: WholeWeights,
  layers: readonly WeightLayer[],
  { makeQuantized }: PackContext,
): Promise<void> {
  if (source.type !== 'quantized') return
  const wanted = new Set(
    layers.flatMap(({ entries }) => entries.map((entry) => 'file' in entry && entry.file.path)),
  )
  const isOfPart = (path: string) => beside.some(({ folder }) => path.startsWith(`${folder}/`))
  const own = files.filter(({ path }) => wanted.has(path) && !isOfPart(path))
  await makeAhead(source, own, makeQuantized)
}

/** Layers that are packed together: one each, or all parts of a split file, whose hash spans them. */
function jobsOf(layers: readonly WeightLayer[], missing: readonly WeightLayer[]): WeightLayer[][] {
  const splitFiles = new Set(missing.map(splitFileOf).filter((path) => path !== undefined))
  const parts = [...splitFiles].map((path) => layers.filter((layer) => splitFileOf(layer) === path))
  return [...missing.filter((layer) => splitFileOf(layer) === undefined).map((layer) => [layer]), ...parts]
}

function splitFileOf(layer: WeightLayer): string | undefined {
  const part = layer.entries.find((entry) => entry.type === 'part')
  return part?.file.path
}

async function runJobs(
  store: Store,
  weights: WholeWeights,
  jobs: readonly WeightLayer[][],
  context: PackContext & Pick<WriteContext, 'onBytes'>,
): Promise<void> {
  const parallel = Math.min(context.parallel ?? 4, jobs.length)
  const stop = new AbortController()
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal
  // Per file: one being filled, two under way. Two more, so that none waits for another to end.
  const slots = openSlots(2 + 3 * parallel)
  const pool = openHashPool(slots, 2 * parallel, totalBytes(jobs.flat()))
  const open = once(() => openWeights(weights, { ...context, signal, scratchFolder: store.temporary }))
  const headersOf = async ({ path }: { path: string }) => {
    const file = weights.files.find((one) => one.path === path)
    return file ? readPartHeaders(file, weights.files, await open(), { ...context, signal }) : lostFile(path)
  }
  const openKnown = (file: WeightFile) => openKnownFile(store, file)
  try {
    await mapLimited(jobs, parallel, async (job) => {
      try {
        await packJob(store, job, open, { ...context, signal, slots, pool, headersOf, openKnown })
      } catch (error) {
        // The others stop as well, and keep what they have for the next run.
        stop.abort(error)
        throw forSource(error, weights.source.type)
      }
    })
  } finally {
    await open.value?.then((source) => source.close()).catch(() => {})
    await pool.close()
  }
}

/** One writer per layer on this machine; the one that waited finds the layers done. */
async function packJob(
  store: Store,
  layers: readonly WeightLayer[],
  open: () => Promise<OpenWeights>,
  context: WriteContext,
): Promise<void> {
  const partials: PartialDownload[] = []
  try {
    for (const layer of layers)
      partials.push(await newPartial(store, partialKey(layer), lockOptions(context)))
    const stored = await Promise.all(layers.map((layer) => storedLayer(store, layer)))
    if (stored.every((layer) => layer !== undefined)) return context.onBytes(totalBytes(layers))
    const targets = layers.map((layer, i) => ({ layer, path: partials[i]?.path ?? '' }))
    const digests = await writeLayerTars(targets, open, context)
    for (const [i, { layer, path }] of targets.entries()) {
      const digest = digests[i] ?? lost(layer)
      await commitPartial(store, path, digest, layer.sizeBytes)
      await writeRecord(store, 'weight-layer', layer.key, { digest, sizeBytes: layer.sizeBytes })
      await rememberFiles(store, layer, digest)
    }
  } finally {
    for (const partial of partials) partial.release()
  }
}

function partialKey(layer: WeightLayer): string {
  return `weights-${layer.key}`
}

function lockOptions({ signal }: WriteContext): { signal?: AbortSignal } {
  return signal ? { signal } : {}
}

/** The layer as an earlier run stored it, or undefined. Its bytes were hashed then and are read only when the file changed. */
async function storedLayer(
  store: Store,
  layer: WeightLayer,
  { onCheck: onBytes, signal }: Pick<PackContext, 'onCheck' | 'signal'> = {},
): Promise<StoredLayer | undefined> {
  const record = await readCache(store, 'weight-layer', layer.key)
  if (record === null || typeof record !== 'object' || !('digest' in record)) return undefined
  const { digest } = record
  if (typeof digest !== 'string' || !isDigest(digest)) return undefined
  if ((await intactBytes(store, { digest, size: layer.sizeBytes }, { onBytes, signal })) === undefined)
    return undefined
  await touchRecord(store, 'weight-layer', layer.key)
  const descriptor = { mediaType: mediaTypes.layer, digest, size: layer.sizeBytes }
  return { descriptor, diffId: digest, cause: layer.cause }
}

/** Before the first byte moves; `scratchBytes` are needed beside the layers. What an interrupted run left is there already and is used. */
async function refuseFullDisk(
  store: Store,
  layers: readonly WeightLayer[],
  scratchBytes: number,
): Promise<void> {
  const left = await Promise.all(layers.map((layer) => partialBytes(store, partialKey(layer))))
  const neededBytes = scratchBytes + totalBytes(layers) - left.reduce((sum, sizeBytes) => sum + sizeBytes, 0)
  const free = await freeBytes(store)
  if (neededBytes <= free) return
  throw new WeightsError('no-space', {
    attempted: `store ${formatBytes(neededBytes)} of weights in ${store.root}`,
    found: `${formatBytes(free)} free on its disk`,
    hint: 'free space there, or set INGOT_STORE to a folder on a larger disk',
  })
}

async function partialBytes(store: Store, key: string): Promise<number> {
  const found = await stat(join(store.root, 'ingot', 'partial', fileNameOf(key))).catch(() => undefined)
  return found?.size ?? 0
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

function lostFile(path: string): never {
  throw new WeightsError('not-found', {
    attempted: `split ${path}`,
    found: 'the lock has no such file',
    hint: 'the plan is not from this lock; plan again',
  })
}

function lost(layer: WeightLayer): never {
  throw new WeightsError('not-found', {
    attempted: `use the layer "${layer.cause}"`,
    found: 'it left the store while the build ran',
    hint: 'do not clean the store during a build; build again',
  })
}
