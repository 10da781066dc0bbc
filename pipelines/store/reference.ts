import { join } from 'node:path'
import { type Descriptor, mediaTypes } from '../../images/oci/oci.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { errnoOf } from '../../lib/error.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { writeFileAtomic } from './atomic.ts'
import { missingBlob, statBlob } from './blobs.ts'
import { StoreError } from './error.ts'
import { knownBytes } from './foreign.ts'
import { withStoreLock } from './lock.ts'
import { isDescriptor, isStringRecord, jsonObjectOf, manifestTypes, readManifestFacts } from './manifest.ts'
import { badName } from './record.ts'
import type { Store } from './store.ts'

export const nameAnnotation = 'org.opencontainers.image.ref.name'

/** An entry of index.json; without a name it only keeps its manifest from being collected. */
export interface IndexEntry {
  name?: string
  descriptor: Descriptor
}

/**
 * Points a name (`repository:tag`) at a manifest, replacing where it pointed before. Throws `missing-blob` when the
 * manifest or anything it needs is not in the store: what has a name is whole.
 */
export async function setReference(store: Store, name: string, descriptor: Descriptor): Promise<void> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:@/+-]*$/.test(name))
    throw badName(name, 'a reference is letters, digits and . _ : @ / + -')
  await change(store, async (references) => {
    await requireClosure(store, descriptor)
    const kept = references.filter(
      (entry) =>
        entry.name !== name && (entry.name !== undefined || entry.descriptor.digest !== descriptor.digest),
    )
    return [...kept, { name, descriptor }]
  })
}

/** Keeps a manifest without a name, as after a push by digest. Throws `missing-blob` as `setReference` does. */
export async function keepManifest(store: Store, descriptor: Descriptor): Promise<void> {
  await change(store, async (references) => {
    await requireClosure(store, descriptor)
    if (references.some((entry) => entry.descriptor.digest === descriptor.digest)) return references
    return [...references, { descriptor }]
  })
}

/** Takes away the entries that `drop` picks; the blobs stay until `collectGarbage`. Gives the number taken. */
export async function removeReferences(store: Store, drop: (entry: IndexEntry) => boolean): Promise<number> {
  let removed = 0
  await change(store, async (references) => {
    const kept = references.filter((entry) => !drop(entry))
    removed = references.length - kept.length
    return kept
  })
  return removed
}

/** Where a name points, or the descriptor of a manifest by its digest; undefined when there is none. */
export async function resolveReference(store: Store, nameOrDigest: string): Promise<Descriptor | undefined> {
  const references = await listReferences(store)
  if (!isDigest(nameOrDigest)) return references.find((entry) => entry.name === nameOrDigest)?.descriptor
  const entry = references.find(({ descriptor }) => descriptor.digest === nameOrDigest)
  return entry?.descriptor ?? (await describeManifest(store, nameOrDigest))
}

/** All entries of index.json in its order. Throws `corrupt-index`. */
export async function listReferences(store: Store): Promise<IndexEntry[]> {
  const path = join(store.root, 'index.json')
  const read = await readRegularFile(path)
  if (!read.ok) throw corruptIndex(path, errnoOf(read.cause) === 'ENOENT' ? 'it is not there' : read.found)
  const manifests = jsonObjectOf(read.text)?.['manifests']
  if (Array.isArray(manifests) && manifests.every(isEntry)) return manifests.map(referenceOf)
  throw corruptIndex(path, 'it is not an OCI index')
}

function isEntry(value: unknown): value is Descriptor {
  return isDescriptor(value) && (value.annotations === undefined || isStringRecord(value.annotations))
}

function corruptIndex(path: string, found: string): StoreError {
  return new StoreError('corrupt-index', {
    attempted: `read ${path}`,
    found,
    hint: 'move what is there away; `ingot build RECIPE` gives each image its name again without building it anew, and until then `ingot prune` would free what has no name',
  })
}

/** Runs `act` while no reference changes, so that what is reachable stays so. */
export function withReferences<Result>(
  store: Store,
  act: (references: IndexEntry[]) => Promise<Result>,
): Promise<Result> {
  return withStoreLock(store, 'index', async () => act(await listReferences(store)))
}

function change(store: Store, next: (references: IndexEntry[]) => Promise<IndexEntry[]>): Promise<void> {
  return withReferences(store, async (references) => {
    const changed = await next(references)
    if (changed === references) return
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: changed.map(entryOf) }
    // `object` members of a Descriptor have no index signature; JSON.stringify decides what is kept.
    await writeFileAtomic(store, join(store.root, 'index.json'), canonicalJson(index as unknown as Json))
  })
}

function referenceOf(descriptor: Descriptor): IndexEntry {
  const { annotations, ...rest } = descriptor
  const { [nameAnnotation]: name, ...others } = annotations ?? {}
  const bare = Object.keys(others).length > 0 ? { ...rest, annotations: others } : rest
  return name === undefined ? { descriptor: bare } : { name, descriptor: bare }
}

function entryOf({ name, descriptor }: IndexEntry): Descriptor {
  if (name === undefined) return descriptor
  return { ...descriptor, annotations: { ...descriptor.annotations, [nameAnnotation]: name } }
}

async function describeManifest(store: Store, digest: Digest): Promise<Descriptor | undefined> {
  const manifest = await readManifestFacts(store, digest)
  const size = await statBlob(store, digest)
  return manifest && size !== undefined ? { mediaType: manifest.mediaType, digest, size } : undefined
}

async function requireClosure(store: Store, descriptor: Descriptor): Promise<void> {
  if ((await knownBytes(store, descriptor.digest)) === undefined) throw missingBlob(descriptor.digest)
  // Layers are never read for this, however small.
  if (!manifestTypes.includes(descriptor.mediaType)) return
  const manifest = await readManifestFacts(store, descriptor.digest)
  for (const child of manifest?.children ?? []) await requireClosure(store, child)
}
