import { z } from 'zod'
import { mediaTypes } from '../../images/oci/oci.ts'
import { packedFilesLabel } from '../../images/weights/artifact.ts'
import type { Digest } from '../../lib/digest.ts'
import {
  isSafePath,
  type LockedFile,
  type LockedWeights,
  type PinnedSourceOf,
} from '../../recipes/locked-weights.ts'
import { type SourceOf, setDigestOf, sortFiles } from '../../recipes/weights.ts'
import { portalHint, readAnswer } from '../network/answer.ts'
import { descriptorSchema, digestSchema } from '../registry-client/oci-documents.ts'
import {
  type FoundDocument,
  openReader,
  readBlobFrom,
  readBlobRange,
  readManifest,
  readSmallBlob,
  readTextBlob,
} from '../registry-client/read.ts'
import { parseReference } from '../registry-client/reference.ts'
import type { RegistrySession } from '../registry-client/session.ts'
import { WeightsError } from './error.ts'
import { mapLimited } from './limit.ts'
import { archiveMembers } from './oci-archive.ts'
import { joinedLayers, type ReadLayers, readLayers } from './oci-layers.ts'
import { readOllamaSettings } from './oci-settings.ts'
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
type ModelManifest = z.infer<typeof manifestSchema>

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

interface ChosenManifest {
  manifest: ModelManifest
  digest: Digest
}

/** Files of an artifact that ingot did not pack, with what is left out and what Ollama's layers say. Throws for layers that cannot be read. */
async function artifactFiles(
  reference: string,
  manifest: ModelManifest,
  registry: OpenRegistry,
  source: SourceSession,
): Promise<Pick<LockedWeights, 'files' | 'skipped' | 'modelfile'>> {
  const read = await withArchives(readLayers(manifest.layers ?? []), registry)
  if (read.files.length === 0) throw notWeights(reference, manifest)
  if (read.unread.length > 0) throw unreadable(reference, read.unread)
  const { taken, skipped } = selectFiles(read.files, { formats: formatsOf(source) }, reference)
  const left = sortFiles([...read.skipped, ...skipped])
  const modelfile = await readOllamaSettings(read.texts, (layer) => readTextBlob(registry.session, layer))
  return {
    files: taken,
    ...(left.length > 0 ? { skipped: left } : {}),
    ...(modelfile === undefined ? {} : { modelfile }),
  }
}

/** Members of archives beside the raw files, each with its stretch of the layer. Reads each archive once. */
async function withArchives(read: ReadLayers, { session }: OpenRegistry): Promise<ReadLayers> {
  const members = await mapLimited(read.archives, 2, (layer) =>
    archiveMembers(layer, readBlobFrom(session, layer, 0)),
  )
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
export function readOciManifest(reference: string, session: SourceSession): Promise<ChosenManifest> {
  return chosenManifest(open(reference, session))
}

async function chosenManifest({ session, version }: OpenRegistry): Promise<ChosenManifest> {
  const found = await manifestOf(session, version)
  const [first] = found.manifest.manifests ?? []
  return first ? manifestOf(session, first.digest) : found
}

/** Reads files by range out of layers; `from` is `LAYER/OFFSET` as the inventory wrote it. */
export async function openOci(pinned: PinnedSourceOf<'oci'>, context: SourceSession): Promise<OpenWeights> {
  const { session } = open(pinned.reference, context)
  return {
    read: (file, offset) => {
      const [layer, start = '0'] = file.from?.split('/') ?? [file.sha256]
      const base = Number(start)
      const range = { start: base + offset, end: base + file.sizeBytes }
      return readBlobRange(session, `sha256:${layer}`, range)
    },
    close: async () => {},
  }
}

interface OpenRegistry {
  session: RegistrySession
  version: string
}

function open(text: string, session: SourceSession): OpenRegistry {
  const { version, ...repository } = parseReference(text)
  return { session: openReader(repository, session), version }
}

async function manifestOf(session: RegistrySession, version: string): Promise<ChosenManifest> {
  const found = await readManifest(session, version)
  return { manifest: answerAs(manifestSchema, found), digest: found.digest }
}

function answerAs<Value>(schema: z.ZodType<Value>, { text, url }: FoundDocument): Value {
  const answer = readAnswer(schema, { text })
  if (answer.ok) return answer.value
  throw new WeightsError('bad-answer', {
    attempted: `read ${url}`,
    found: `the server sent ${answer.found}`,
    hint: `check that the reference names an OCI image or artifact of a registry; ${portalHint}`,
  })
}

const labelsSchema = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
})

/** Labels of an image's config, or annotations of an artifact's manifest, in one map. */
async function labelsOf(manifest: ModelManifest, { session }: OpenRegistry): Promise<Record<string, string>> {
  const { config } = manifest
  if (config?.mediaType !== mediaTypes.config || config.size > 8 << 20) return manifest.annotations ?? {}
  const read = answerAs(labelsSchema, await readSmallBlob(session, config.digest))
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

function notWeights(reference: string, { layers = [] }: ModelManifest): WeightsError {
  return new WeightsError('no-files', {
    attempted: `list the weights in ${reference}`,
    found: `its ${layers.length} layers (${[...new Set(layers.map((layer) => layer.mediaType))].join(', ')}) do not say what files they hold`,
    hint: 'use an artifact that ingot published, or one whose layers are raw files',
  })
}
