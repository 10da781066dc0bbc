import { type FileHandle, open } from 'node:fs/promises'
import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { errnoOf } from '../../lib/error.ts'
import { publicUrl } from '../network/address.ts'
import type { Body } from '../network/body.ts'
import { missingBlob, placeOfBlob, readBlob } from '../store/blobs.ts'
import type { Store } from '../store/store.ts'
import type { WireAnswer, WireRequest } from './answer.ts'
import { RegistryError } from './error.ts'
import { type RegistrySession, requireStatus, saidBy } from './session.ts'
import { locationOf, type Upload } from './upload.ts'

export interface UploadOptions {
  store: Store
  /** Repositories of the host that may have the blob; tried in this order. */
  mountFrom: readonly string[]
  /** Largest piece of one request; whole blobs when undefined. Registries may ask for larger ones. */
  chunkBytes: number | undefined
  /** Bytes that left for the registry, counted again when they are sent again. */
  onSent(sizeBytes: number): void
}

/** Sends what is missing, in chunks where they are wanted, and ends the upload. `upload` says at any time how far it got. */
export async function sendRest(
  session: RegistrySession,
  blob: Descriptor,
  upload: Upload,
  options: UploadOptions & { isVerified: boolean },
): Promise<void> {
  const chunkBytes = Math.max(options.chunkBytes ?? Number.POSITIVE_INFINITY, upload.minChunkBytes)
  while (blob.size - upload.offset > chunkBytes) {
    const end = upload.offset + chunkBytes
    const part = { method: 'PATCH', url: upload.url, start: upload.offset, end } as const
    const answer = await sendPart(session, blob, part, { ...options, isVerified: false })
    upload.url = locationOf({ method: 'PATCH', url: upload.url }, answer, upload.url)
    upload.offset = end
  }
  const url = new URL(upload.url)
  url.searchParams.set('digest', blob.digest)
  const rest = { method: 'PUT', url: url.href, start: upload.offset, end: blob.size } as const
  await sendPart(session, blob, rest, options)
}

interface UploadPart {
  method: 'PATCH' | 'PUT'
  url: string
  start: number
  end: number
}

async function sendPart(
  session: RegistrySession,
  blob: Descriptor,
  part: UploadPart,
  options: UploadOptions & { isVerified: boolean },
): Promise<WireAnswer> {
  const { method, url } = part
  const isWhole = part.start === 0 && part.end === blob.size
  const wanted: WireRequest = {
    method,
    url,
    headers: {
      'content-type': 'application/octet-stream',
      ...(!isWhole && part.end > part.start && { 'content-range': `${part.start}-${part.end - 1}` }),
    },
    body: await bodyOf(blob, part, options, isWhole && options.isVerified),
  }
  const answer = await session.ask(wanted)
  if ([400, 404, 416].includes(answer.status)) throw uploadLost(wanted, answer)
  requireStatus(wanted, answer, method === 'PUT' ? [201, 204] : [202, 204])
  return answer
}

/** The registry hashes what it gets, so bytes are not hashed here as well until it complains. */
async function bodyOf(
  blob: Descriptor,
  part: UploadPart,
  { store, onSent }: UploadOptions,
  isVerified: boolean,
): Promise<Body> {
  const sizeBytes = part.end - part.start
  if (isVerified) return { type: 'source', sizeBytes, onSent, open: () => readBlob(store, blob.digest) }
  const place = await placeOfBlob(store, blob.digest)
  if (place === undefined) throw missingBlob(blob.digest)
  const start = place.start + part.start
  return { type: 'file', sizeBytes, onSent, start, open: () => openBlobFile(place.path, blob.digest) }
}

async function openBlobFile(path: string, digest: Digest): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? missingBlob(digest) : error
  }
}

function uploadLost(wanted: WireRequest, answer: WireAnswer): RegistryError {
  return new RegistryError('upload-lost', {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: `the registry answered ${answer.status}${saidBy(answer)}`,
    hint: 'its storage or a proxy before it loses uploads; see its log',
  })
}
