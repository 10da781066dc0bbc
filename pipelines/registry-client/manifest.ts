import { z } from 'zod'
import { mediaTypes } from '../../images/oci/oci.ts'
import { type Digest, digestOf } from '../../lib/digest.ts'
import { publicUrl } from '../network/address.ts'
import { kindOfAnswer, portalHint, readAnswer } from '../network/answer.ts'
import type { StoredManifest } from '../store/closure.ts'
import type { WireAnswer } from './answer.ts'
import { PublishError } from './error.ts'
import { type RegistrySession, requireStatus } from './session.ts'
import type { WireRequest } from './transport.ts'
import { repositoryUrl } from './upload.ts'

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
    const found = await readManifestText(session, tag)
    if (found !== undefined && digestOf(found) === digest) return
    requireDocument(session, tag, found)
    if (attempt >= tagAttempts)
      throw mismatch(session, tag, found === undefined ? 'nothing' : digestOf(found), digest)
  }
}

const tagAttempts = 3

/** A manifest by tag or digest as its bytes; undefined when the repository does not have it. */
export async function readManifestText(
  session: RegistrySession,
  reference: string,
): Promise<Uint8Array | undefined> {
  const wanted = {
    method: 'GET',
    url: repositoryUrl(session, `manifests/${reference}`),
    headers: { accept: `${mediaTypes.manifest}, ${mediaTypes.index}` },
  } satisfies WireRequest
  const answer = await session.askAgain(wanted)
  if (answer.status === 404) return undefined
  requireStatus(wanted, answer, [200])
  return answer.bytes
}

async function put(
  session: RegistrySession,
  { descriptor, text }: StoredManifest,
  reference: string,
): Promise<WireAnswer> {
  const wanted = {
    method: 'PUT',
    url: repositoryUrl(session, `manifests/${reference}`),
    headers: { 'content-type': descriptor.mediaType },
    body: Buffer.from(text),
  } satisfies WireRequest
  const answer = await session.askAgain(wanted)
  requireStatus(wanted, answer, [200, 201, 202])
  return answer
}

/** The registry must give back the very bytes: their digest is what was booted. */
async function requireManifest(session: RegistrySession, { descriptor }: StoredManifest): Promise<void> {
  const found = await readManifestText(session, descriptor.digest)
  if (found !== undefined && digestOf(found) === descriptor.digest) return
  requireDocument(session, descriptor.digest, found)
  const what = found === undefined ? 'nothing' : digestOf(found)
  throw mismatch(session, descriptor.digest, what, descriptor.digest)
}

const documentSchema = z.looseObject({})

/** What is no manifest at all was not put there by another publisher. */
function requireDocument(session: RegistrySession, reference: string, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) return
  const text = Buffer.from(bytes).toString('utf8')
  if (readAnswer(documentSchema, { text }).ok) return
  throw new PublishError('bad-answer', {
    attempted: `GET ${publicUrl(repositoryUrl(session, `manifests/${reference}`))}`,
    found: `the server sent ${kindOfAnswer({ text })} in place of a manifest`,
    hint: `check that the host is a registry; ${portalHint}`,
  })
}

function mismatch(
  { target }: RegistrySession,
  reference: string,
  found: string,
  wanted: Digest,
): PublishError {
  return new PublishError('mismatch', {
    attempted: `read back ${target.host}/${target.name} ${reference}`,
    found: `the registry has ${found} there and not ${wanted}`,
    hint: 'another publisher may write to this tag, or the registry rewrites manifests; publish to one that keeps bytes',
  })
}
