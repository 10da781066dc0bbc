import type { Digest } from '../../lib/digest.ts'
import type { StoredManifest } from '../store/closure.ts'
import type { WireAnswer, WireRequest } from './answer.ts'
import { RegistryError } from './error.ts'
import { findManifest } from './read.ts'
import { repositoryOf } from './reference.ts'
import { type RegistrySession, repositoryUrl, requireStatus } from './session.ts'

/** Puts a manifest under its own digest and reads it back. True when the registry keeps referrers by itself. */
export async function putManifest(session: RegistrySession, manifest: StoredManifest): Promise<boolean> {
  const { digest } = manifest.descriptor
  const answer = await put(session, manifest, digest)
  await requireManifest(session, manifest)
  return answer.headers['oci-subject'] !== undefined
}

/**
 * Points a tag at a manifest that is there already, and asks where it points. No digest protects bytes that are sent to a
 * tag, so what arrived wrong is sent again at once. Throws `mismatch`.
 */
export async function putTag(session: RegistrySession, manifest: StoredManifest, tag: string): Promise<void> {
  const { digest } = manifest.descriptor
  for (let attempt = 1; ; attempt++) {
    await put(session, manifest, tag)
    const found = await findManifest(session, tag)
    if (found?.digest === digest) return
    if (attempt >= tagAttempts) throw mismatch(session, tag, found?.digest ?? 'nothing', digest)
  }
}

const tagAttempts = 3

/** What must hold for a write: `if-match` or `if-none-match`. Many registries take no notice of it. */
export type Precondition = Record<string, string>

/** False where the registry says that the tag is not any more what `precondition` has. */
export async function putTagIf(
  session: RegistrySession,
  manifest: StoredManifest,
  tag: string,
  precondition: Precondition,
): Promise<boolean> {
  const wanted = putRequest(session, manifest, tag, precondition)
  const answer = await session.askAgain(wanted)
  if ([409, 412, 428].includes(answer.status)) return false
  requireStatus(wanted, answer, [200, 201, 202])
  return true
}

async function put(
  session: RegistrySession,
  manifest: StoredManifest,
  reference: string,
): Promise<WireAnswer> {
  const wanted = putRequest(session, manifest, reference)
  const answer = await session.askAgain(wanted)
  requireStatus(wanted, answer, [200, 201, 202])
  return answer
}

function putRequest(
  session: RegistrySession,
  { descriptor, text }: StoredManifest,
  reference: string,
  precondition: Precondition = {},
): WireRequest {
  return {
    method: 'PUT',
    url: repositoryUrl(session, `manifests/${reference}`),
    headers: { 'content-type': descriptor.mediaType, ...precondition },
    body: Buffer.from(text),
  }
}

/** The registry must give back the very bytes: their digest is what was booted. */
async function requireManifest(session: RegistrySession, { descriptor }: StoredManifest): Promise<void> {
  const found = await findManifest(session, descriptor.digest)
  if (found?.digest === descriptor.digest) return
  throw mismatch(session, descriptor.digest, found?.digest ?? 'nothing', descriptor.digest)
}

function mismatch(
  { target }: RegistrySession,
  reference: string,
  found: string,
  wanted: Digest,
): RegistryError {
  return new RegistryError('mismatch', {
    attempted: `read back ${repositoryOf(target)} ${reference}`,
    found: `the registry has ${found} there and not ${wanted}`,
    hint: 'another publisher may write to this tag, or the registry rewrites manifests; publish to one that keeps bytes',
  })
}
