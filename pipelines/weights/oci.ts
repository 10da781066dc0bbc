import { z } from 'zod'
import { mediaTypes } from '../../images/oci/oci.ts'
import { packedFilesLabel } from '../../images/weights/artifact.ts'
import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import { partFolder, partRoles } from '../../recipes/parts.ts'
import { isSafePath } from '../../recipes/safe-path.ts'
import { type SourceOf, setDigestOf, sortFiles } from '../../recipes/weights.ts'
import { readAnswer } from '../network/answer.ts'
import { digestSchema } from '../registry-client/oci-documents.ts'
import { readBlobFrom, readSmallBlob, readTextBlob } from '../registry-client/read.ts'
import { WeightsError } from './error.ts'
import { mapLimited } from './limit.ts'
import { readArchive } from './oci-archive.ts'
import { modelFiles } from './oci-files.ts'
import { type ReadLayers, readLayers, withFiles } from './oci-layers.ts'
import {
  answerAs,
  chosenModelManifest,
  type ModelManifest,
  type OpenRegistry,
  openRegistry,
} from './oci-manifest.ts'
import { readOllamaSettings } from './oci-settings.ts'
import { layTree } from './oci-tree.ts'
import { selectFiles } from './select.ts'
import { formatsOf, type SourceSession } from './source.ts'

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
  const registry = openRegistry(source.reference, session)
  const chosen = await chosenModelManifest(registry)
  const labels = await labelsOf(chosen.manifest, registry)
  const packed = packedFilesOf(labels, source.reference)
  const { files, ...more } =
    packed === undefined
      ? await artifactFiles(source, chosen.manifest, registry, session)
      : { files: sortFiles(packed.filter(({ path }) => !isInPart(path))) }
  const license = labels['org.opencontainers.image.licenses']
  return {
    source: { type: 'oci', reference: source.reference, digest: chosen.digest },
    files,
    setDigest: setDigestOf(files),
    ...(license === undefined ? {} : { license }),
    ...more,
  }
}

/** An artifact with parts is a source of its model alone. */
function isInPart(path: string): boolean {
  return partRoles.some((role) => path.startsWith(`${partFolder({ role })}/`))
}

/** Files of an artifact that ingot did not pack, with what is left out and what Ollama's layers say. Throws for layers that cannot be read. */
async function artifactFiles(
  { reference, include, exclude }: SourceOf<'oci'>,
  manifest: ModelManifest,
  registry: OpenRegistry,
  session: SourceSession,
): Promise<Pick<LockedWeights, 'files' | 'skipped' | 'modelfile'>> {
  const listed = readLayers(manifest.layers ?? [])
  // Before what is missing is told: a model of Ollama's cloud has no weights at all.
  const modelfile = await readOllamaSettings(
    { texts: listed.texts, config: ollamaConfigOf(manifest) },
    (layer) => readTextBlob(registry.session, layer),
  )
  const read = await withArchives(listed, registry)
  if (read.unread.length > 0) throw unreadable(reference, read.unread)
  if (read.files.length === 0) throw notWeights(reference, manifest)
  const { taken, skipped } = selectFiles(
    read.files,
    { include, exclude, formats: formatsOf(session) },
    reference,
  )
  const left = sortFiles([...read.skipped, ...skipped])
  return {
    files: taken,
    ...(left.length > 0 ? { skipped: left } : {}),
    ...(modelfile === undefined ? {} : { modelfile }),
  }
}

/** Images of containers have a config of the same type: the layers tell Ollama's. A cloud model has none of weights, or none at all. */
function ollamaConfigOf({ config, layers = [] }: ModelManifest): ModelManifest['config'] {
  const isOllama =
    config?.mediaType === 'application/vnd.docker.container.image.v1+json' &&
    layers.every(({ mediaType }) => mediaType.startsWith('application/vnd.ollama.'))
  return isOllama ? config : undefined
}

/** Files in archives beside the raw ones. Reads each archive once, from its first byte to its last. */
async function withArchives(read: ReadLayers, { session }: OpenRegistry): Promise<ReadLayers> {
  if (read.archives.length === 0) return read
  const listed = await mapLimited(read.archives, 2, (archive) =>
    readArchive(archive, readBlobFrom(session, archive.layer, 0)),
  )
  const unread = listed.filter((one) => typeof one === 'string')
  const tree = layTree(listed.filter((one) => typeof one !== 'string'))
  const isImage = read.archives.every((archive) => archive.isImage)
  return withFiles({ ...read, unread: [...read.unread, ...unread] }, modelFiles(tree, read.files, isImage))
}

function unreadable(reference: string, layers: readonly string[]): WeightsError {
  return new WeightsError('refused', {
    attempted: `list the weights in ${reference}`,
    found: `layers that cannot be read:\n  ${layers.slice(0, 10).join('\n  ')}`,
    hint: 'use an artifact of raw files or one that ingot published, or unpack it into a folder and name that',
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
