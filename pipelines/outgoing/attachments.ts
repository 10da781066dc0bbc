import { documentTypes } from '../../images/oci/document-types.ts'
import {
  type Descriptor,
  describe,
  type Manifest,
  mediaTypes,
  referrerManifest,
} from '../../images/oci/oci.ts'
import { openVexType } from '../../images/vulnerabilities/openvex.ts'
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
  for (const { artifactType, members, annotations } of groups(documents)) {
    const layers: Descriptor[] = []
    for (const document of members) layers.push(await documentLayer(store, document))
    const said = { artifactType, layers, ...(annotations && { annotations }) }
    stored.push(await storeReferrer(store, (config) => referrerManifest(subject, { ...said, config })))
  }
  return stored
}

interface DocumentGroup {
  artifactType: string
  members: ImageDocument[]
  annotations?: Record<string, string>
}

function groups(documents: readonly ImageDocument[]): DocumentGroup[] {
  const of = (...names: string[]) => documents.filter(({ name }) => names.includes(name))
  const lists: DocumentGroup[] = [
    { artifactType: documentTypes.statement, members: of('provenance') },
    { artifactType: documentTypes.report, members: of('test-result', 'report') },
    { artifactType: documentTypes.bench, members: of('bench') },
    { artifactType: documentTypes.spdx, members: of('sbom.spdx') },
    { artifactType: documentTypes.cycloneDx, members: of('sbom.cyclonedx') },
    {
      artifactType: documentTypes.statement,
      members: of('vex.openvex'),
      // By it trivy tells the statement from others without reading them.
      annotations: { [predicateAnnotation]: openVexType },
    },
    { artifactType: documentTypes.cycloneDxVex, members: of('vex.cyclonedx') },
  ]
  return lists.filter(({ members }) => members.length > 0)
}

const predicateAnnotation = 'in-toto.io/predicate-type'

async function documentLayer(
  store: Store,
  { mediaType, text, predicateType }: ImageDocument,
): Promise<Descriptor> {
  const layer = await storeText(store, mediaType, text)
  if (mediaType !== documentTypes.statement) return layer
  return { ...layer, annotations: { [predicateAnnotation]: predicateType } }
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
