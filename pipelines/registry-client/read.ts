import { z } from 'zod'
import type { Descriptor } from '../../images/oci/oci.ts'
import { type Digest, digestOf, isDigest } from '../../lib/digest.ts'
import { publicUrl } from '../network/address.ts'
import { kindOfAnswer, portalHint, readAnswer } from '../network/answer.ts'
import { NetworkError } from '../network/error.ts'
import type { Fetch } from '../network/exchange.ts'
import { getBytes } from '../network/http.ts'
import { findLogin, type LoginSettings } from '../network/login.ts'
import { readPersistently } from '../network/persistent.ts'
import { readRange } from '../network/ranged.ts'
import { type RetryPolicy, withRetry } from '../network/retry.ts'
import { RegistryError } from './error.ts'
import { acceptManifests, descriptorSchema } from './oci-documents.ts'
import { listPages } from './pages.ts'
import { type Repository, repositoryOf } from './reference.ts'
import { openSession, type RegistrySession, repositoryUrl } from './session.ts'

export interface ReaderOptions {
  fetch: Fetch
  settings: LoginSettings
  signal?: AbortSignal
  retry?: RetryPolicy
  stallMs?: number
}

/** A repository that is only read, with the login of docker or podman where the registry wants one. */
export function openReader(target: Repository, options: ReaderOptions): RegistrySession {
  const { settings, ...others } = options
  return openSession(target, {
    ...others,
    access: 'pull',
    login: () => findLogin(target.host, settings),
  })
}

/** A manifest, an index or a configuration, byte for byte. */
export interface FoundDocument {
  /** Where it was asked for, as it may be shown. */
  url: string
  bytes: Buffer
  text: string
  digest: Digest
  /** How the registry names this state of a tag, for `If-Match`. */
  etag: string | undefined
}

/** A manifest or index by tag or digest; undefined when the repository has none. Bytes of another digest are given as well. */
export async function findManifest(
  session: RegistrySession,
  reference: string,
): Promise<FoundDocument | undefined> {
  return document(session, `manifests/${reference}`, { accept: acceptManifests }).catch((error: unknown) => {
    if (error instanceof NetworkError && error.code === 'not-found') return undefined
    throw error
  })
}

/** The same, where it must be there. Throws `not-found`, and `mismatch` for other bytes than a digest names. */
export async function readManifest(session: RegistrySession, reference: string): Promise<FoundDocument> {
  const found = await document(session, `manifests/${reference}`, { accept: acceptManifests })
  return isDigest(reference) ? sameDigest(session, found, reference) : found
}

/** A blob that is JSON and small, such as a configuration. Throws as `readManifest`. */
export async function readSmallBlob(session: RegistrySession, digest: Digest): Promise<FoundDocument> {
  return sameDigest(session, await document(session, `blobs/${digest}`, {}), digest)
}

const referrersSchema = z.looseObject({ manifests: z.array(descriptorSchema) })

/**
 * What speaks about a manifest, all pages of it; nothing where the registry knows of nothing. Registries from before the referrers
 * API have their list under a tag. Throws `bad-answer` for what is no such list, and what reading throws.
 */
export async function findReferrers(session: RegistrySession, subject: Digest): Promise<Descriptor[]> {
  const found: Descriptor[] = []
  try {
    for await (const page of listPages(session, `referrers/${subject}`))
      found.push(...referrersOf(page, page.contentType))
    return found
  } catch (error) {
    // A further page that is not there would be a list cut short.
    if (!(error instanceof NetworkError && error.code === 'not-found' && found.length === 0)) throw error
  }
  const listed = await findManifest(session, referrersTag(subject))
  return listed === undefined ? [] : referrersOf(listed)
}

function referrersOf(
  { url, text }: Pick<FoundDocument, 'url' | 'text'>,
  contentType?: string | null,
): Descriptor[] {
  const answer = readAnswer(referrersSchema, { text, contentType })
  if (answer.ok) return answer.value.manifests
  throw new RegistryError('bad-answer', {
    attempted: `read what refers to an image from ${publicUrl(url)}`,
    found: `the server sent ${answer.found}`,
    hint: `check that the host is a registry; ${portalHint}`,
  })
}

/** Where registries from before the referrers API have their list, by the distribution spec. */
export function referrersTag(subject: Digest): string {
  return subject.replace(':', '-')
}

/** Bytes `start` to `end` of a blob, in one attempt. */
export function readBlobRange(
  session: RegistrySession,
  digest: Digest,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Uint8Array> {
  const { fetch, signal } = session
  return readRange(repositoryUrl(session, `blobs/${digest}`), start, end, { fetch, signal })
}

/** A blob from `offset` to its end, with a new connection after each that breaks. It is not hashed. */
export function readBlobFrom(
  session: RegistrySession,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  offset: number,
): AsyncGenerator<Uint8Array> {
  const { retry, signal, target } = session
  const file = { path: `${repositoryOf(target)} ${digest}`, sizeBytes: size }
  const read = (_: typeof file, start: number) => readBlobRange(session, digest, { start, end: size })
  return readPersistently(read, file, offset, { retry, ...(signal && { signal }) })
}

/** A blob that is a short text of any kind, such as a template. Throws as `readManifest`. */
export async function readTextBlob(
  session: RegistrySession,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
): Promise<FoundDocument> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readBlobFrom(session, { digest, size }, 0)) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const url = publicUrl(repositoryUrl(session, `blobs/${digest}`))
  const found = { url, bytes, text: bytes.toString('utf8'), digest: digestOf(bytes), etag: undefined }
  return sameDigest(session, found, digest)
}

const documentSchema = z.looseObject({})

async function document(
  session: RegistrySession,
  path: string,
  headers: Record<string, string>,
): Promise<FoundDocument> {
  const { fetch, retry, signal } = session
  const url = repositoryUrl(session, path)
  const answer = await withRetry(() => getBytes(url, { fetch, headers, signal }), retry, signal)
  const { bytes } = answer
  const text = bytes.toString('utf8')
  requireDocument(url, text, answer.headers.get('content-type'))
  return {
    url: publicUrl(url),
    bytes,
    text,
    digest: digestOf(bytes),
    etag: answer.headers.get('etag') ?? undefined,
  }
}

/** Manifests, indexes and configurations are JSON objects, all of them. */
function requireDocument(url: string, text: string, contentType: string | null): void {
  if (readAnswer(documentSchema, { text, contentType }).ok) return
  throw new RegistryError('bad-answer', {
    attempted: `read ${publicUrl(url)}`,
    found: `the server sent ${kindOfAnswer({ text, contentType })} in place of a manifest or a configuration`,
    hint: `check that the host is a registry; ${portalHint}`,
  })
}

function sameDigest({ target }: RegistrySession, found: FoundDocument, wanted: Digest): FoundDocument {
  if (found.digest === wanted) return found
  throw new RegistryError('mismatch', {
    attempted: `read ${wanted} of ${repositoryOf(target)}`,
    found: `the registry sent ${found.digest}`,
    hint: 'a proxy or a mirror changed it on its way',
  })
}
