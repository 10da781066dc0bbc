import type { Descriptor } from '../../images/oci/oci.ts'
import { digestOf, isDigest } from '../../lib/digest.ts'
import { readBlobText } from '../store/blobs.ts'
import { StoreError } from '../store/error.ts'
import { removeBlob } from '../store/garbage.ts'
import { type ManifestFacts, manifestLimitBytes, manifestTypes, parseManifest } from '../store/manifest.ts'
import { keepManifest, removeReferences, resolveReference, setReference } from '../store/reference.ts'
import { writeBlobText } from '../store/write.ts'
import { RegistryServerError, type RegistryServerErrorCode } from './error.ts'
import { type RegistryRequest, sendEmpty, sendText } from './exchange.ts'
import type { RouteOf } from './route.ts'

type ManifestRoute = RouteOf<'manifest'>

/** GET and HEAD of a manifest by tag or digest. Any repository name serves any digest: the store is one pool. */
export async function sendManifest(exchange: RegistryRequest, route: ManifestRoute): Promise<void> {
  const descriptor = await find(exchange, route)
  sendText(exchange, 200, await readBlobText(exchange.store, descriptor.digest), {
    'Content-Type': descriptor.mediaType,
    'Docker-Content-Digest': descriptor.digest,
  })
}

/** PUT: stores the bytes as they came and points the tag at them. */
export async function receiveManifest(exchange: RegistryRequest, route: ManifestRoute): Promise<void> {
  const text = await readBody(exchange, route)
  const manifest = accept(exchange, route, text)
  const { digest, sizeBytes } = await writeBlobText(exchange.store, text)
  await pointAt(exchange, route, { mediaType: manifest.mediaType, digest, size: sizeBytes })
  sendEmpty(exchange, 201, {
    Location: `/v2/${route.name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(manifest.subject && { 'OCI-Subject': manifest.subject.digest }),
  })
}

/** DELETE: a tag loses its name; a digest loses all names in this repository, and its bytes if no other image needs them. */
export async function deleteManifest(exchange: RegistryRequest, route: ManifestRoute): Promise<void> {
  const { store } = exchange
  const { digest } = await find(exchange, route)
  const named = isDigest(route.reference) ? undefined : `${route.name}:${route.reference}`
  await removeReferences(store, ({ name, descriptor }) => {
    if (named !== undefined) return name === named
    return descriptor.digest === digest && (name === undefined || name.startsWith(`${route.name}:`))
  })
  if (named === undefined) await removeBlob(store, digest).catch(ignoreInUse)
  sendEmpty(exchange, 202)
}

async function find({ store }: RegistryRequest, route: ManifestRoute): Promise<Descriptor> {
  const { name, reference } = route
  const descriptor = await resolveReference(store, isDigest(reference) ? reference : `${name}:${reference}`)
  if (descriptor) return descriptor
  throw failure('MANIFEST_UNKNOWN', route, 'the store does not have it', 'see `ingot list` for what it has')
}

async function readBody({ request }: RegistryRequest, route: ManifestRoute): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > manifestLimitBytes)
      throw failure(
        'SIZE_INVALID',
        route,
        `it is larger than ${manifestLimitBytes} bytes`,
        'push it as a blob',
      )
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function accept({ request }: RegistryRequest, route: ManifestRoute, text: string): ManifestFacts {
  const manifest = parseManifest(text)
  if (!manifest) throw failure('MANIFEST_INVALID', route, 'it is no image manifest or index', 'send OCI JSON')
  const type = request.headers['content-type'] ?? manifest.mediaType
  if (!manifestTypes.includes(type) || type !== manifest.mediaType)
    throw failure(
      'MANIFEST_INVALID',
      route,
      `it is ${manifest.mediaType} sent as ${type}`,
      'send its own type',
    )
  if (isDigest(route.reference) && digestOf(text) !== route.reference)
    throw failure('DIGEST_INVALID', route, `its bytes are ${digestOf(text)}`, 'send the bytes unchanged')
  return manifest
}

async function pointAt(
  { store }: RegistryRequest,
  route: ManifestRoute,
  descriptor: Descriptor,
): Promise<void> {
  try {
    if (isDigest(route.reference)) await keepManifest(store, descriptor)
    else await setReference(store, `${route.name}:${route.reference}`, descriptor)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'missing-blob') throw error
    throw failure('MANIFEST_BLOB_UNKNOWN', route, error.message, 'push its blobs first')
  }
}

function ignoreInUse(error: unknown): void {
  if (!(error instanceof StoreError) || error.code !== 'in-use') throw error
}

function failure(
  code: RegistryServerErrorCode,
  { name, reference }: ManifestRoute,
  found: string,
  hint: string,
) {
  return new RegistryServerError(code, { attempted: `manifest ${reference} of ${name}`, found, hint })
}
