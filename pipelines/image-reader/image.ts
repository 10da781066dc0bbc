import { createHash } from 'node:crypto'
import { z } from 'zod'
import { mediaTypes } from '../../images/oci/oci.ts'
import { type Digest, digestOf, hexOf } from '../../lib/digest.ts'
import { messageOf } from '../../lib/error.ts'
import { descriptorSchema } from '../registry-client/oci-documents.ts'
import { indexTypes } from '../store/manifest.ts'
import { SizeError } from './error.ts'

export interface ImageLayer {
  digest: Digest
  storedBytes: number
  /** What made it, by the image's history. */
  title: string
}

/** An image somewhere, of which only documents were read so far. */
export interface OpenImage {
  reference: string
  /** Of its manifest; null in an archive that has none. */
  digest: Digest | null
  platform: string
  labels: Record<string, string>
  layers: ImageLayer[]
  /** Whether its layers lie in the store, beside which their listings are kept. */
  isStored: boolean
  /** The blob from its first to its last byte, checked against its digest at the end. */
  readLayer(layer: ImageLayer, signal?: AbortSignal): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** Where manifests and blobs come from: a registry, a layout, an archive, the store. */
export interface BlobPlace {
  /** As the person wrote it. */
  reference: string
  /** A manifest or index by digest, or the one that was asked for. */
  manifest(digest?: Digest): Promise<string>
  text(digest: Digest): Promise<string>
  read(digest: Digest, sizeBytes: number, signal?: AbortSignal): AsyncIterable<Uint8Array>
  isStore?: true
  close(): Promise<void>
}

const descriptor = descriptorSchema.partial({ mediaType: true })
const platformSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) })
const indexSchema = z.object({
  mediaType: z.string().optional(),
  manifests: z.array(descriptor.extend({ platform: platformSchema.optional() })),
})
const configSchema = z.object({
  os: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  rootfs: z.object({ diff_ids: z.array(z.string()) }).optional(),
  history: z
    .array(z.object({ created_by: z.string().optional(), empty_layer: z.boolean().optional() }))
    .nullish(),
})
export type ConfigFacts = z.infer<typeof configSchema>

const configTypes: readonly string[] = [mediaTypes.config, 'application/vnd.docker.container.image.v1+json']

/** Follows manifest or index to the image of the platform. Throws `not-image` and `no-platform`. */
export async function openImage(place: BlobPlace, platform: string): Promise<OpenImage> {
  const text = await chosenManifest(place, platform)
  const { config, layers } = parsed(manifestSchema, text, place.reference)
  if (config.mediaType !== undefined && !configTypes.includes(config.mediaType))
    throw notImage(place.reference, `an artifact of type ${config.mediaType}`)
  const facts = parseConfig(await place.text(config.digest), place.reference)
  const titles = layerTitles(facts, layers.length)
  return {
    reference: place.reference,
    digest: digestOf(text),
    ...configBasics(facts),
    layers: layers.map(({ digest, size }, index) => ({
      digest,
      storedBytes: size,
      title: titles[index] ?? '',
    })),
    readLayer: ({ digest, storedBytes }, signal) =>
      checkedBytes(place.read(digest, storedBytes, signal), digest, place.reference),
    isStored: place.isStore === true,
    close: place.close,
  }
}

/** Text of the manifest that the place names, or of an index the one for this platform. Throws `no-platform`, `not-image`. */
export async function chosenManifest(place: BlobPlace, platform: string): Promise<string> {
  const text = await place.manifest()
  const index = indexSchema.safeParse(jsonOf(text, place.reference))
  if (!index.success) return text
  const { manifests } = index.data
  const [os, architecture, variant] = platform.split('/')
  const fitting = manifests.find(
    (entry) =>
      entry.platform?.os === os &&
      entry.platform?.architecture === architecture &&
      (variant === undefined || entry.platform?.variant === variant),
  )
  // An index around one image without a platform, as some tools write it.
  const only = manifests.length === 1 && manifests[0]?.platform === undefined ? manifests[0] : undefined
  const chosen = fitting ?? only
  if (chosen === undefined) throw noPlatform(place.reference, platform, manifests)
  if (indexTypes.includes(chosen.mediaType ?? '')) throw notImage(place.reference, 'an index of indexes')
  return place.manifest(chosen.digest)
}

function noPlatform(
  reference: string,
  platform: string,
  manifests: z.infer<typeof indexSchema>['manifests'],
): SizeError {
  const names = manifests.flatMap(({ platform: found }) =>
    found && found.os !== 'unknown'
      ? [[found.os, found.architecture, found.variant].filter(Boolean).join('/')]
      : [],
  )
  return new SizeError('no-platform', {
    attempted: `find the image of ${reference} for ${platform}`,
    found: `it has ${names.length === 0 ? 'no image of any platform' : names.join(', ')}`,
    hint: 'choose one with --platform',
  })
}

export function parseConfig(text: string, reference: string): ConfigFacts {
  return parsed(configSchema, text, reference)
}

export function configBasics({ os = 'linux', architecture = 'unknown', variant, config }: ConfigFacts) {
  return {
    platform: [os, architecture, variant].filter(Boolean).join('/'),
    labels: { ...config?.Labels },
  }
}

/** History has an entry for every layer, and more for steps that made none. */
export function layerTitles({ history }: ConfigFacts, count: number): string[] {
  const titles = (history ?? [])
    .filter((entry) => entry.empty_layer !== true)
    .map((entry) => (entry.created_by ?? '').replaceAll(/\s+/g, ' ').trim())
  return titles.length === count ? titles : []
}

/** The same bytes; a wrong or a short blob fails when it ends. */
export async function* checkedBytes(
  chunks: AsyncIterable<Uint8Array>,
  digest: Digest,
  reference: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
  const found = hash.digest('hex')
  if (found === hexOf(digest)) return
  throw new SizeError('broken-layer', {
    attempted: `read the layer ${digest} of ${reference}`,
    found: `its bytes have the digest sha256:${found}`,
    hint: 'the copy is cut or damaged; fetch or save it again',
  })
}

/** A document of an image as `schema` wants it. Throws `not-image`. */
export function parsed<Value>(schema: z.ZodType<Value>, text: string, reference: string): Value {
  const result = schema.safeParse(jsonOf(text, reference))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw notImage(reference, `a document with ${issue?.path.join('.') || 'no object'}: ${issue?.message}`)
}

export function jsonOf(text: string, reference: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notImage(reference, `no JSON (${messageOf(error)})`)
  }
}

export function notImage(reference: string, found: string): SizeError {
  return new SizeError('not-image', {
    attempted: `read ${reference} as a container image`,
    found,
    hint: 'name an image; models and other artifacts have no root file system to measure',
  })
}

/** The platform that is asked for, `os/architecture[/variant]`. Throws `bad-reference`. */
export function parsePlatform(text: string): string {
  if (/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/.test(text)) return text
  throw new SizeError('bad-reference', {
    attempted: `read "${text}" as a platform`,
    found: 'it is not os/architecture',
    hint: 'write it as linux/amd64 or linux/arm64',
  })
}
