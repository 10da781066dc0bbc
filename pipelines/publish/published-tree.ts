import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { RegistryError } from '../registry-client/error.ts'
import { type FoundDocument, findReferrers, readManifest } from '../registry-client/read.ts'
import { repositoryOf } from '../registry-client/reference.ts'
import type { RegistrySession } from '../registry-client/session.ts'
import { statBlob } from '../store/blobs.ts'
import { rememberForeign } from '../store/foreign.ts'
import { indexTypes, type ManifestFacts, manifestTypes, parseManifest } from '../store/manifest.ts'
import type { Store } from '../store/store.ts'
import { writeBlobText } from '../store/write.ts'
import type { Referrer } from './publish.ts'

/** What a repository has of one image or index: every manifest is in the store then, and of every blob the place is known. */
export interface PublishedTree {
  root: Descriptor
  /** Images of it, one a platform. */
  images: Descriptor[]
  referrers: Referrer[]
  blobs: Descriptor[]
  layersOf(manifest: Digest): Descriptor[]
  configOf(manifest: Digest): Descriptor | undefined
}

interface TreeReading {
  session: RegistrySession
  store: Store
  manifests: Map<Digest, ManifestFacts>
  images: Descriptor[]
  referrers: Referrer[]
  blobs: Map<Digest, Descriptor>
}

/** Follows a tag or digest to all that it needs, and to all that refers to it. Throws what reading throws, and `bad-answer`. */
export async function readPublished(
  session: RegistrySession,
  store: Store,
  version: string,
): Promise<PublishedTree> {
  const reading: TreeReading = {
    ...{ session, store, manifests: new Map<Digest, ManifestFacts>(), images: [] },
    ...{ referrers: [], blobs: new Map<Digest, Descriptor>() },
  }
  const found = await readManifest(session, version)
  const { mediaType } = factsOf(found, session)
  const root = { mediaType, digest: found.digest, size: found.bytes.byteLength }
  await follow(reading, root, found)
  const { manifests, images, referrers, blobs } = reading
  return {
    ...{ root, images, referrers, blobs: [...blobs.values()] },
    layersOf: (digest) => manifests.get(digest)?.children.slice(1) ?? [],
    configOf: (digest) => manifests.get(digest)?.children[0],
  }
}

/** Takes a manifest of the tree, and of what speaks about it. */
async function follow(reading: TreeReading, descriptor: Descriptor, known?: FoundDocument): Promise<void> {
  if (reading.manifests.has(descriptor.digest)) return
  const facts = await take(reading, descriptor, known)
  const isIndex = indexTypes.includes(facts.mediaType)
  if (!isIndex) reading.images.push({ ...descriptor, mediaType: facts.mediaType })
  for (const child of facts.children)
    if (isIndex && manifestTypes.includes(child.mediaType)) await follow(reading, child)
  await takeReferrers(reading, descriptor.digest)
}

/** A signature of a document about an image is two; registries that list more than this for ever are not followed. */
const mostDepth = 4

/** Signatures are about documents as well, so what is found is asked for too. */
async function takeReferrers(reading: TreeReading, subject: Digest, depth = 1): Promise<void> {
  if (depth > mostDepth) return
  for (const manifest of await findReferrers(reading.session, subject)) {
    reading.referrers.push({ subject, manifest })
    if (reading.manifests.has(manifest.digest)) continue
    await take(reading, manifest)
    await takeReferrers(reading, manifest.digest, depth + 1)
  }
}

/** Stores a manifest, and remembers where its blobs are. */
async function take(
  { session, store, manifests, blobs }: TreeReading,
  { digest }: Descriptor,
  known?: FoundDocument,
): Promise<ManifestFacts> {
  const found = known ?? (await readManifest(session, digest))
  const facts = factsOf(found, session)
  manifests.set(digest, facts)
  await writeBlobText(store, found.text)
  for (const child of facts.children) {
    if (indexTypes.includes(facts.mediaType) && manifestTypes.includes(child.mediaType)) continue
    blobs.set(child.digest, child)
    if ((await statBlob(store, child.digest)) !== undefined) continue
    await rememberForeign(store, child.digest, {
      sizeBytes: child.size,
      repository: `${session.target.host}/${session.target.name}`,
    })
  }
  return facts
}

function factsOf({ digest, text }: FoundDocument, session: RegistrySession): ManifestFacts {
  const facts = parseManifest(text)
  if (facts !== undefined) return facts
  throw noManifest(session, digest, 'it is neither an image manifest nor an index')
}

function noManifest({ target }: RegistrySession, digest: Digest, found: string): RegistryError {
  return new RegistryError('bad-answer', {
    attempted: `read ${digest} of ${repositoryOf(target)}`,
    found,
    hint: 'copy it with a tool that knows its form, such as `oras cp -r`',
  })
}
