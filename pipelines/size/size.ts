import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Attribution, type AttributionOptions, attribute } from '../../images/attribution/attribution.ts'
import type { LayerEntry, LayerFiles } from '../../images/attribution/layer-files.ts'
import type { ImageLayer, OpenImage } from '../image-reader/image.ts'
import { listLayer } from '../image-reader/layer.ts'
import type { ListingCache } from '../image-reader/listings.ts'
import { mapLimited } from '../weights/limit.ts'

export interface SizeOptions extends AttributionOptions {
  /** Look into libraries for GPU code, which needs one of them at a time as a temporary file. */
  gpuCode: boolean
  cache?: ListingCache
  onProgress?: (doneBytes: number, totalBytes: number) => void
}

/** More connections fill no line that four do not, and two cores unpack two layers at a time. */
const layersAtOnce = 4

/** Reads every layer of an image once and says where its bytes come from. */
export async function sizeImage(image: OpenImage, options: SizeOptions): Promise<Attribution> {
  const { gpuCode, onProgress } = options
  const scratch = gpuCode ? await mkdtemp(join(tmpdir(), 'ingot-size-layers-')) : null
  // A layer that stands in a manifest twice, as empty ones do, is read once.
  const distinct = [...new Map(image.layers.map((layer) => [layer.digest, layer])).values()]
  const totalBytes = distinct.reduce((sum, layer) => sum + layer.storedBytes, 0)
  let doneBytes = 0
  const count = (bytes: number) => {
    doneBytes += bytes
    onProgress?.(doneBytes, totalBytes)
  }
  try {
    const listed = await mapLimited(distinct, layersAtOnce, async (layer, signal) => {
      const entries = await entriesOf(image, layer, { ...options, scratch, count, signal })
      return [layer.digest, entries] as const
    })
    const entriesByDigest = new Map<string, readonly LayerEntry[]>(listed)
    const layers: LayerFiles[] = image.layers.map((layer) => ({
      ...layer,
      entries: entriesByDigest.get(layer.digest) ?? [],
    }))
    return attribute(layers, options)
  } finally {
    if (scratch !== null) await rm(scratch, { recursive: true, force: true })
  }
}

interface SizeReading extends SizeOptions {
  scratch: string | null
  signal: AbortSignal
  count(bytes: number): void
}

async function entriesOf(
  image: OpenImage,
  layer: ImageLayer,
  { cache, gpuCode, scratch, count, signal }: SizeReading,
): Promise<readonly LayerEntry[]> {
  const known = await cache?.get(layer.digest, gpuCode)
  if (known) {
    count(layer.storedBytes)
    return known
  }
  const what = `the layer ${layer.digest.slice(0, 19)} of ${image.reference}`
  const entries = await listLayer(counted(image.readLayer(layer, signal), count), { what, scratch })
  await cache?.set(layer.digest, gpuCode, entries)
  return entries
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count(chunk.length)
    yield chunk
  }
}
