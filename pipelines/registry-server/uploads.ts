import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isDigest } from '../../lib/digest.ts'
import { statBlob } from '../store/blobs.ts'
import { appendToDraft, commitDraft, discardDraft, openBlobDraft } from '../store/draft.ts'
import { RegistryServerError } from './error.ts'
import { type RegistryRequest, sendEmpty, type Uploads } from './exchange.ts'
import { chunkStart } from './range.ts'
import { type RouteOf, requireDigest } from './route.ts'

/** POST: mounts what the store has, takes a whole blob (`?digest=`), or begins an upload. */
export async function startUpload(exchange: RegistryRequest, { name }: RouteOf<'uploads'>): Promise<void> {
  const { query, store, uploads, request } = exchange
  const mount = query.get('mount')
  if (mount !== null && isDigest(mount) && (await statBlob(store, mount)) !== undefined)
    return sendCreated(exchange, name, mount)
  const digest = query.has('digest') ? requireDigest(query.get('digest')) : undefined
  const draft = await openBlobDraft(store)
  if (digest) {
    try {
      await appendToDraft(draft, request)
      await commitDraft(store, draft, { digest })
    } catch (error) {
      await discardDraft(draft)
      throw error
    }
    return sendCreated(exchange, name, digest)
  }
  const id = randomUUID()
  uploads.set(id, { name, draft, busy: false })
  sendProgress(exchange, 202, { type: 'upload', name, id })
}

/** PATCH: adds a chunk. One that does not follow what is there gets 416 and the place to go on from. */
export async function continueUpload(exchange: RegistryRequest, route: RouteOf<'upload'>): Promise<void> {
  const accepted = await append(exchange, route)
  sendProgress(exchange, accepted ? 202 : 416, route)
}

/** PUT: adds the last chunk, if any, and gives the blob its name. */
export async function finishUpload(exchange: RegistryRequest, route: RouteOf<'upload'>): Promise<void> {
  const digest = requireDigest(exchange.query.get('digest'))
  if (!(await append(exchange, route))) return sendProgress(exchange, 416, route)
  const { draft } = find(exchange, route)
  exchange.uploads.delete(route.id)
  await commitDraft(exchange.store, draft, { digest })
  sendCreated(exchange, route.name, digest)
}

export function sendUploadStatus(exchange: RegistryRequest, route: RouteOf<'upload'>): void {
  sendProgress(exchange, 204, route)
}

export async function cancelUpload(exchange: RegistryRequest, route: RouteOf<'upload'>): Promise<void> {
  const { draft } = find(exchange, route)
  exchange.uploads.delete(route.id)
  await discardDraft(draft)
  sendEmpty(exchange, 204)
}

export async function discardUploads(uploads: Uploads): Promise<void> {
  for (const { draft } of uploads.values()) await discardDraft(draft)
  uploads.clear()
}

/** False when the chunk does not begin where the upload ends. */
async function append(exchange: RegistryRequest, route: RouteOf<'upload'>): Promise<boolean> {
  const upload = find(exchange, route)
  const start = chunkStart(exchange.request.headers['content-range'])
  if (start === 'malformed') throw badUpload(route, 'its Content-Range is not of the form 0-99')
  if (start !== undefined && start !== upload.draft.sizeBytes) return false
  if (upload.busy) throw badUpload(route, 'another request is writing to it')
  upload.busy = true
  try {
    await appendToDraft(upload.draft, bodyOf(exchange.request))
    return true
  } finally {
    upload.busy = false
  }
}

function bodyOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request
}

function find({ uploads }: RegistryRequest, { name, id }: RouteOf<'upload'>) {
  const upload = uploads.get(id)
  if (upload?.name === name) return upload
  throw new RegistryServerError('BLOB_UPLOAD_UNKNOWN', {
    attempted: `continue upload ${id} to ${name}`,
    found: 'there is no such upload',
    hint: 'begin a new one',
  })
}

function badUpload({ name, id }: RouteOf<'upload'>, found: string): RegistryServerError {
  const hint = 'ask for its status with GET and go on from there'
  return new RegistryServerError('BLOB_UPLOAD_INVALID', {
    attempted: `continue upload ${id} to ${name}`,
    found,
    hint,
  })
}

function sendProgress(exchange: RegistryRequest, status: number, route: RouteOf<'upload'>): void {
  const { draft } = find(exchange, route)
  sendEmpty(exchange, status, {
    Location: `/v2/${route.name}/blobs/uploads/${route.id}`,
    Range: `0-${Math.max(0, draft.sizeBytes - 1)}`,
    'Docker-Upload-UUID': route.id,
  })
}

function sendCreated(exchange: RegistryRequest, name: string, digest: string): void {
  sendEmpty(exchange, 201, { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest })
}
