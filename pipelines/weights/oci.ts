import { z } from 'zod'
import { mediaTypes } from '../../images/oci/oci.ts'
import { packedFilesLabel } from '../../images/weights/artifact.ts'
import { type Digest, digestOf, isDigest } from '../../lib/digest.ts'
import {
  isSafePath,
  type LockedFile,
  type LockedWeights,
  type PinnedOf,
} from '../../recipes/locked-weights.ts'
import { type SourceOf, setDigestOf, sortFiles } from '../../recipes/weights.ts'
import { publicUrl } from '../network/address.ts'
import { portalHint, readAnswer } from '../network/answer.ts'
import { withRetry } from '../network/retry.ts'
import { acceptManifests, descriptorSchema, digestSchema } from '../registry-client/oci-documents.ts'
import { WeightsError } from './error.ts'
import { getText, type HttpOptions } from './http.ts'
import { mapLimited } from './limit.ts'
import { archiveMembers } from './oci-archive.ts'
import { joinedLayers, type ReadLayers, readLayers } from './oci-layers.ts'
import { type OciReference, parseOciReference, registryUrl } from './oci-reference.ts'
import { readSettings } from './oci-settings.ts'
import { readPersistently } from './persistent.ts'
import { readRange } from './ranged.ts'
import { registryFetch } from './registry-access.ts'
import { selectFiles } from './select.ts'
import { formatsOf, type OpenWeights, type SourceSession } from './source.ts'

const manifestSchema = z
  .object({
    config: descriptorSchema.optional(),
    layers: z.array(descriptorSchema).optional(),
    manifests: z.array(descriptorSchema).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ layers, manifests }) => layers !== undefined || manifests !== undefined, {
    error: 'neither layers nor manifests',
  })
type Manifest = z.infer<typeof manifestSchema>

const packedFilesSchema = z.array(
  z.object({
    path: z.string().refine(isSafePath, 'a path that leaves its folder'),
    sizeBytes: z.int().nonnegative(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'no sha256'),
    layer: digestSchema,
    offset: z.int().nonnegative(),
  }),
)

/**
 * Files of a weights artifact, by its manifest alone: an image that ingot packed, or any artifact whose layers are the raw
 * files (ModelPack's raw types, Docker's models, Ollama's), where a layer's digest is the sha256 of the file.
 */
export async function inventoryOci(source: SourceOf<'oci'>, session: SourceSession): Promise<LockedWeights> {
  const registry = open(source.reference, session)
  const chosen = await chosenManifest(registry)
  const labels = await labelsOf(chosen.manifest, registry)
  const packed = packedFilesOf(labels, source.reference)
  const { files, ...more } =
    packed === undefined
      ? await artifactFiles(source.reference, chosen.manifest, registry, session)
      : { files: sortFiles(packed) }
  const license = labels['org.opencontainers.image.licenses']
  return {
    source: { type: 'oci', reference: source.reference, digest: chosen.digest },
    files,
    setDigest: setDigestOf(files),
    ...(license === undefined ? {} : { license }),
    ...more,
  }
}

/** Files of an artifact that ingot did not pack, with what is left out and what Ollama's layers say. Throws for layers that cannot be read. */
async function artifactFiles(
  reference: string,
  manifest: Manifest,
  registry: OpenRegistry,
  session: SourceSession,
): Promise<Pick<LockedWeights, 'files' | 'skipped' | 'modelfile'>> {
  const read = await withArchives(readLayers(manifest.layers ?? []), registry, session)
  if (read.files.length === 0) throw notWeights(reference, manifest)
  if (read.unread.length > 0) throw unreadable(reference, read.unread)
  const { taken, skipped } = selectFiles(read.files, { formats: formatsOf(session) }, reference)
  const left = sortFiles([...read.skipped, ...skipped])
  const modelfile = await readSettings(read.texts, registry.text, registry.url)
  return {
    files: taken,
    ...(left.length > 0 ? { skipped: left } : {}),
    ...(modelfile === undefined ? {} : { modelfile }),
  }
}

/** Members of archives beside the raw files, each with its stretch of the layer. Reads each archive once. */
async function withArchives(
  read: ReadLayers,
  { url, http }: OpenRegistry,
  session: SourceSession,
): Promise<ReadLayers> {
  const members = await mapLimited(read.archives, 2, async (layer) => {
    const blob = { path: `${layer.mediaType} ${layer.digest.slice(0, 19)}`, sizeBytes: layer.size }
    const from = (_: typeof blob, offset: number) =>
      readRange(`${url}/blobs/${layer.digest}`, offset, blob.sizeBytes, http)
    return archiveMembers(layer, readPersistently(from, blob, 0, session))
  })
  return joinedLayers([read, ...members])
}

function unreadable(reference: string, layers: readonly string[]): WeightsError {
  return new WeightsError('refused', {
    attempted: `list the weights in ${reference}`,
    found: `layers that cannot be read:\n  ${layers.slice(0, 10).join('\n  ')}`,
    hint: 'use an artifact of raw files or one that ingot published, or unpack it into a folder and name that',
  })
}

/** The manifest behind a reference; of an index the first, as weights are the same on every platform. */
export function readOciManifest(
  reference: string,
  session: SourceSession,
): Promise<{ manifest: Manifest; digest: Digest }> {
  return chosenManifest(open(reference, session))
}

async function chosenManifest(registry: OpenRegistry): Promise<{ manifest: Manifest; digest: Digest }> {
  const found = await registry.manifest(registry.reference.version)
  const [first] = found.manifest.manifests ?? []
  return first ? registry.manifest(first.digest) : found
}

/** Reads files by range out of layers; `from` is `LAYER/OFFSET` as the inventory wrote it. */
export async function openOci(pinned: PinnedOf<'oci'>, session: SourceSession): Promise<OpenWeights> {
  const registry = open(pinned.reference, session)
  return {
    read: (file, offset) => {
      const [layer, start = '0'] = file.from?.split('/') ?? [file.sha256]
      const base = Number(start)
      return readRange(
        `${registry.url}/blobs/sha256:${layer}`,
        base + offset,
        base + file.sizeBytes,
        registry.http,
      )
    },
    close: async () => {},
  }
}

interface OpenRegistry {
  reference: OciReference
  url: string
  http: HttpOptions
  manifest(version: string): Promise<{ manifest: Manifest; digest: Digest }>
  json<Value>(path: string, schema: z.ZodType<Value>): Promise<Value>
  text(path: string): Promise<string>
}

function open(text: string, session: SourceSession): OpenRegistry {
  const reference = parseOciReference(text)
  const url = registryUrl(reference)
  const http = { ...session, fetch: registryFetch(reference.host, session) }
  const read = (path: string, headers?: Record<string, string>) =>
    withRetry(
      () => getText(`${url}${path}`, { ...http, ...(headers ? { headers } : {}) }),
      session.retry,
      session.signal,
    )
  return {
    reference,
    url,
    http,
    text: async (path) => (await read(path)).text,
    json: async (path, schema) => {
      const { text: body, headers } = await read(path)
      return answerAs(schema, `${url}${path}`, body, headers)
    },
    manifest: async (version) => {
      const path = `/manifests/${version}`
      const { text: body, headers } = await read(path, { accept: acceptManifests })
      const manifest = answerAs(manifestSchema, `${url}${path}`, body, headers)
      const found = digestOf(body)
      if (isDigest(version) && found !== version) throw wrongManifest(text, found)
      return { manifest, digest: found }
    },
  }
}

function answerAs<Value>(
  schema: z.ZodType<Value>,
  url: string,
  text: string,
  headers: Pick<Headers, 'get'>,
): Value {
  const answer = readAnswer(schema, { text, contentType: headers.get('content-type') })
  if (answer.ok) return answer.value
  throw new WeightsError('bad-answer', {
    attempted: `read ${publicUrl(url)}`,
    found: `the server sent ${answer.found}`,
    hint: `check that the reference names an OCI image or artifact of a registry; ${portalHint}`,
  })
}

const labelsSchema = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
})

/** Labels of an image's config, or annotations of an artifact's manifest, in one map. */
async function labelsOf(manifest: Manifest, registry: OpenRegistry): Promise<Record<string, string>> {
  const { config } = manifest
  if (config?.mediaType !== mediaTypes.config || config.size > 8 << 20) return manifest.annotations ?? {}
  const read = await registry.json(`/blobs/${config.digest}`, labelsSchema)
  return { ...manifest.annotations, ...read.config?.Labels }
}

function packedFilesOf(labels: Record<string, string>, reference: string): LockedFile[] | undefined {
  const label = labels[packedFilesLabel]
  if (label === undefined) return undefined
  const answer = readAnswer(packedFilesSchema, { text: label })
  if (!answer.ok)
    throw new WeightsError('bad-answer', {
      attempted: `read the list of weights in ${reference}`,
      found: `its label ${packedFilesLabel} holds ${answer.found}`,
      hint: 'the image was not made by ingot, or its labels were changed; name another one',
    })
  return answer.value.map(({ layer, offset, ...file }) => ({
    ...file,
    from: `${layer.slice('sha256:'.length)}/${offset}`,
  }))
}

function notWeights(reference: string, { layers = [] }: Manifest): WeightsError {
  return new WeightsError('no-files', {
    attempted: `list the weights in ${reference}`,
    found: `its ${layers.length} layers (${[...new Set(layers.map((layer) => layer.mediaType))].join(', ')}) do not say what files they hold`,
    hint: 'use an artifact that ingot published, or one whose layers are raw files',
  })
}

function wrongManifest(reference: string, found: Digest): WeightsError {
  return new WeightsError('hash-mismatch', {
    attempted: `read the manifest of ${reference}`,
    found: `the registry sent ${found}`,
    hint: 'a proxy or a mirror changed it on its way',
  })
}
