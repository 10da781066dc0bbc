import type { Digest } from '../../lib/digest.ts'
import { publicUrl } from '../network/address.ts'
import type { WireAnswer, WireRequest } from './answer.ts'
import { RegistryError } from './error.ts'
import { type RegistrySession, repositoryUrl, requireStatus } from './session.ts'

/** An upload that the registry has begun: where to send, and how many bytes it has. */
export interface Upload {
  url: string
  offset: number
  /** Smallest chunk the registry takes, by OCI-Chunk-Min-Length. */
  minChunkBytes: number
}

/** Redirects are how registries show that a storage elsewhere has it. */
export async function hasBlob(session: RegistrySession, digest: Digest): Promise<boolean> {
  const wanted = { method: 'HEAD', url: repositoryUrl(session, `blobs/${digest}`) } satisfies WireRequest
  const answer = await session.askAgain(wanted)
  if (answer.status === 404) return false
  requireStatus(wanted, answer, [200, 301, 302, 303, 307, 308])
  return true
}

/** Begins an upload, or lets the registry take the blob from another repository (`mount`, `from`). */
export async function beginUpload(
  session: RegistrySession,
  query: Record<string, string> = {},
): Promise<Upload | 'created'> {
  const url = `${repositoryUrl(session, 'blobs/uploads/')}${Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query)}`}`
  const wanted = { method: 'POST', url } satisfies WireRequest
  const answer = await session.askAgain(wanted)
  requireStatus(wanted, answer, [201, 202])
  if (answer.status === 201) return 'created'
  const minChunkBytes = Number(answer.headers['oci-chunk-min-length'] ?? 0)
  return { url: locationOf(wanted, answer), offset: 0, minChunkBytes: minChunkBytes || 0 }
}

export async function newUpload(session: RegistrySession): Promise<Upload> {
  const upload = await beginUpload(session)
  if (upload !== 'created') return upload
  throw new RegistryError('bad-answer', {
    attempted: `begin an upload to ${session.target.host}`,
    found: 'the registry says it is complete before any byte was sent',
    hint: 'check that the address is that of a registry',
  })
}

/** What the registry has of an upload; undefined when it does not know it any more. */
export async function resumed(session: RegistrySession, upload: Upload): Promise<Upload | undefined> {
  const answer = await session.askAgain({ method: 'GET', url: upload.url })
  if (answer.status !== 204 && answer.status !== 202 && answer.status !== 200) return undefined
  const offset = offsetOf(answer)
  if (offset === undefined) return undefined
  return { ...upload, offset, url: locationOf({ method: 'GET', url: upload.url }, answer, upload.url) }
}

/** Where the next request of an upload goes: registries keep their state in that address. */
export function locationOf(wanted: WireRequest, answer: WireAnswer, fallback?: string): string {
  const location = answer.headers['location'] ?? fallback
  if (location !== undefined && URL.canParse(location, wanted.url)) return new URL(location, wanted.url).href
  throw new RegistryError('bad-answer', {
    attempted: `${wanted.method} ${publicUrl(wanted.url)}`,
    found: 'the answer does not say where to send the blob',
    hint: 'check that the address is that of a registry',
  })
}

/** `Range: 0-99` says 100 bytes; `0-0` stands for none as well as for one, and none is safe. */
function offsetOf({ headers }: WireAnswer): number | undefined {
  const match = /^(?:bytes=)?0-(\d+)$/.exec(headers['range'] ?? '')
  if (!match) return undefined
  const last = Number(match[1])
  return last === 0 ? 0 : last + 1
}
