import { documentTypes } from '../../images/oci/document-types.ts'
import {
  type Descriptor,
  describe,
  type Manifest,
  mediaTypes,
  referrerManifest,
} from '../../images/oci/oci.ts'
import { keepManifest } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { writeBlobText } from '../store/write.ts'
import type { ImageDocument } from './documents.ts'

/** Stores what is known about an image as manifests that refer to it; test result and whole report share one. */
export async function storeAttachments(
  store: Store,
  documents: readonly ImageDocument[],
  subject: Descriptor,
): Promise<Descriptor[]> {
  const stored: Descriptor[] = []
  for (const [artifactType, members] of groups(documents)) {
    const layers: Descriptor[] = []
    for (const document of members) layers.push(await documentLayer(store, document))
    stored.push(
      await storeReferrer(store, (config) => referrerManifest(subject, { artifactType, config, layers })),
    )
  }
  return stored
}

function groups(documents: readonly ImageDocument[]): [artifactType: string, ImageDocument[]][] {
  const of = (...names: string[]) => documents.filter(({ name }) => names.includes(name))
  const lists: [string, ImageDocument[]][] = [
    [documentTypes.statement, of('provenance')],
    [documentTypes.report, of('test-result', 'report')],
    [documentTypes.spdx, of('sbom.spdx')],
    [documentTypes.cycloneDx, of('sbom.cyclonedx')],
  ]
  return lists.filter(([, members]) => members.length > 0)
}

async function documentLayer(
  store: Store,
  { mediaType, text, predicateType }: ImageDocument,
): Promise<Descriptor> {
  const layer = await storeText(store, mediaType, text)
  if (mediaType !== documentTypes.statement) return layer
  return { ...layer, annotations: { 'in-toto.io/predicate-type': predicateType } }
}

/** Stores a manifest that refers to an image, and keeps it as long as its image is. It has no config of its own. */
export async function storeReferrer(
  store: Store,
  manifestWith: (config: Descriptor) => Manifest,
): Promise<Descriptor> {
  const made = manifestWith(await storeText(store, mediaTypes.empty, '{}'))
  const { bytes, descriptor } = describe(mediaTypes.manifest, made)
  await writeBlobText(store, bytes)
  await keepManifest(store, descriptor)
  return { ...descriptor, ...(made.artifactType !== undefined && { artifactType: made.artifactType }) }
}

async function storeText(store: Store, mediaType: string, text: string): Promise<Descriptor> {
  const { digest, sizeBytes } = await writeBlobText(store, text)
  return { mediaType, digest, size: sizeBytes }
}
