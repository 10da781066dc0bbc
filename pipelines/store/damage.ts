import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import type { Descriptor } from '../../images/oci/oci.ts'
import { formatBytes } from '../../lib/bytes.ts'
import type { Digest } from '../../lib/digest.ts'
import { errnoOf } from '../../lib/error.ts'
import { optional } from '../../lib/optional.ts'
import { compareStamp, keepStamp, smallestStampedBytes, stampOf } from './blob-stamp.ts'
import { blobPath, chunksOf, readBlob, statBlob } from './blobs.ts'
import { StoreError } from './error.ts'
import { foreignBlob } from './foreign.ts'
import { manifestTypes, readManifestFacts } from './manifest.ts'
import { sliceOf } from './slice.ts'
import type { Store } from './store.ts'

/** What is wrong with a blob that an image needs. */
export type Damage =
  | { type: 'missing'; digest: Digest }
  | { type: 'size'; digest: Digest; foundBytes: number; expectedBytes: number }
  | { type: 'corrupt'; digest: Digest; found: string }

export interface DamageSearch {
  /**
   * `stamp` hashes a file only when the file system says that it changed since it was last hashed; `glance` does not hash
   * what never was; `hash` reads every byte, which also finds what went wrong on the disk itself.
   */
  by: 'glance' | 'stamp' | 'hash'
  /** Called while files are hashed, with the bytes of one search so far and in all. */
  onBytes?: ((doneBytes: number, totalBytes: number) => void) | undefined
  signal?: AbortSignal | undefined
}

type ExpectedContent = Pick<Descriptor, 'digest'> & Partial<Pick<Descriptor, 'size' | 'mediaType'>>

/** Everything that is wrong with these manifests and all that they need; what a registry has instead is not wrong. */
export async function damagesIn(
  store: Store,
  roots: readonly Digest[],
  search: DamageSearch,
): Promise<Damage[]> {
  const found: Damage[] = []
  const blobs = new Map<Digest, ExpectedContent>()
  const seen = new Set<Digest>()
  const waiting: ExpectedContent[] = roots.map((digest) => ({ digest }))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (seen.has(next.digest)) continue
    seen.add(next.digest)
    const damage = await damageHere(store, next, { ...search, onBytes: undefined })
    if (damage) found.push(damage)
    else
      for (const child of (await readManifestFacts(store, next.digest))?.children ?? [])
        if (manifestTypes.includes(child.mediaType)) waiting.push(child)
        else blobs.set(child.digest, child)
  }
  return [...found, ...(await damagesOf(store, [...blobs.values()], search))]
}

async function damagesOf(
  store: Store,
  blobs: readonly ExpectedContent[],
  search: DamageSearch,
): Promise<Damage[]> {
  const totalBytes = blobs.reduce((sum, { size = 0 }) => sum + size, 0)
  const found: Damage[] = []
  let passedBytes = 0
  let isTold = false
  const tell = (doneBytes: number) => {
    isTold = true
    search.onBytes?.(passedBytes + doneBytes, totalBytes)
  }
  for (const blob of blobs) {
    // Small blobs are read at every use, which is no news.
    const isSmall = (blob.size ?? 0) < smallestStampedBytes
    const damage = await damageHere(store, blob, { ...search, onBytes: isSmall ? undefined : tell })
    passedBytes += blob.size ?? 0
    if (damage) found.push(damage)
  }
  // What began on a terminal has to end there, also when the last ones need no reading.
  if (isTold) search.onBytes?.(totalBytes, totalBytes)
  return found
}

/** What a registry has for the image is not missing. */
async function damageHere(
  store: Store,
  blob: ExpectedContent,
  search: DamageSearch,
): Promise<Damage | undefined> {
  const damage = await damageOf(store, blob, search)
  return damage?.type === 'missing' && (await foreignBlob(store, blob.digest)) ? undefined : damage
}

/** What is wrong with one blob, or undefined. Of a blob that was hashed and is right the store remembers it. */
export async function damageOf(
  store: Store,
  { digest, size }: ExpectedContent,
  search: DamageSearch,
): Promise<Damage | undefined> {
  const file = await stat(blobPath(store, digest), { bigint: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return damageOfSlice(store, { digest, ...optional('size', size) }, search)
  if (!file.isFile()) return { type: 'corrupt', digest, found: 'it is no file' }
  const stamp = stampOf(file)
  const foundBytes = stamp.sizeBytes
  if (size !== undefined && foundBytes !== size)
    return { type: 'size', digest, foundBytes, expectedBytes: size }
  const known = search.by === 'hash' ? 'other' : await compareStamp(store, digest, stamp)
  if (known === 'same' || (known === 'none' && search.by === 'glance')) return undefined
  const found = await hashOf(store, digest, foundBytes, search)
  if (found === 'missing') return { type: 'missing', digest }
  if (found === 'unreadable') return { type: 'corrupt', digest, found: 'the disk cannot read it' }
  if (found !== digest) return { type: 'corrupt', digest, found: `its bytes are ${found}` }
  // The stamp from before the reading: whoever wrote meanwhile has changed it.
  await keepStamp(store, digest, stamp)
  return undefined
}

/** A part of a layer is right when the layer is, and in a search that hashes when its own bytes are. */
async function damageOfSlice(
  store: Store,
  { digest, size }: ExpectedContent,
  search: DamageSearch,
): Promise<Damage | undefined> {
  const slice = await sliceOf(store, digest)
  const foundBytes = await statBlob(store, digest)
  if (slice === undefined || foundBytes === undefined) return { type: 'missing', digest }
  if (size !== undefined && foundBytes !== size)
    return { type: 'size', digest, foundBytes, expectedBytes: size }
  const damage = await damageOf(store, { digest: slice.layer }, search)
  if (damage !== undefined || search.by !== 'hash') return damage
  const found = createHash('sha256')
  for await (const chunk of readBlob(store, digest, { start: 0, end: foundBytes })) {
    search.signal?.throwIfAborted()
    found.update(chunk)
  }
  const hash = `sha256:${found.digest('hex')}`
  return hash === digest ? undefined : { type: 'corrupt', digest, found: `its bytes are ${hash}` }
}

/** The size of a blob whose bytes are right as far as its stamp tells; undefined when it is missing or damaged. */
export async function intactBytes(
  store: Store,
  blob: ExpectedContent,
  search: Omit<DamageSearch, 'by'> = {},
): Promise<number | undefined> {
  if ((await damageOf(store, blob, { ...search, by: 'stamp' })) !== undefined) return undefined
  return statBlob(store, blob.digest)
}

/** Throws `corrupt-blob`, or `missing-blob` where that is all, with every damage of the images. */
export async function requireIntact(
  store: Store,
  roots: readonly Digest[],
  search: DamageSearch,
): Promise<void> {
  const damages = await damagesIn(store, roots, search)
  if (damages.length > 0) throw damagedImage(roots[0] ?? 'an image', damages)
}

export function damagedImage(what: string, damages: readonly Damage[]): StoreError {
  const isMissing = damages.every(({ type }) => type === 'missing')
  return new StoreError(isMissing ? 'missing-blob' : 'corrupt-blob', {
    attempted: `use ${what} from the store`,
    found: damages.map(damageText).join('\n  '),
    hint: '`ingot build RECIPE` makes again what is missing or damaged; check the disk when it happens twice, and all of the store with `ingot doctor --store`',
  })
}

export function damageText(damage: Damage): string {
  switch (damage.type) {
    case 'missing':
      return `${damage.digest} is missing`
    case 'size':
      return `${damage.digest} is damaged: it has ${damage.foundBytes} bytes instead of ${damage.expectedBytes} (${formatBytes(damage.expectedBytes)})`
    case 'corrupt':
      return `${damage.digest} is damaged: ${damage.found}`
  }
}

async function hashOf(
  store: Store,
  digest: Digest,
  sizeBytes: number,
  search: DamageSearch,
): Promise<Digest | 'missing' | 'unreadable'> {
  const hash = createHash('sha256')
  let doneBytes = 0
  try {
    for await (const chunk of chunksOf(await open(blobPath(store, digest), 'r'))) {
      search.signal?.throwIfAborted()
      hash.update(chunk)
      doneBytes += chunk.byteLength
      search.onBytes?.(doneBytes, sizeBytes)
    }
  } catch (error) {
    // The disk itself says that it lost the bytes.
    if (errnoOf(error) === 'EIO') return 'unreadable'
    if (errnoOf(error) === 'ENOENT') return 'missing'
    throw error
  }
  return `sha256:${hash.digest('hex')}`
}
