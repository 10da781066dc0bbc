import { z } from 'zod'
import { type Descriptor, describe, type Index, mediaTypes } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { readAnswer } from '../network/answer.ts'
import type { StoredManifest } from '../store/closure.ts'
import { PublishError } from './error.ts'
import { putManifest, putTag, readManifestText } from './manifest.ts'
import { digestSchema } from './oci-documents.ts'
import { repositoryOf } from './reference.ts'
import type { RegistrySession } from './session.ts'

/**
 * Puts a manifest that speaks about `subject`. Registries from before the referrers API get the index under the tag
 * `sha256-…` that the distribution spec names for them; cosign and oras look there as well.
 */
export async function putReferrer(
  session: RegistrySession,
  subject: Digest,
  referrer: StoredManifest,
): Promise<void> {
  const isListed = await putManifest(session, referrer)
  if (isListed) return
  const tag = subject.replace(':', '-')
  const before = indexOf(session, tag, await readManifestText(session, tag))
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      ...before.filter(({ digest }) => digest !== referrer.descriptor.digest),
      referrer.descriptor,
    ].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
  } satisfies Index
  const { bytes, descriptor } = describe(mediaTypes.index, index)
  await putTag(session, { descriptor, text: bytes }, tag)
}

const indexSchema = z.looseObject({
  // Entries are copied as they are, with members that only their makers know.
  manifests: z.array(z.looseObject({ digest: digestSchema, mediaType: z.string(), size: z.int() })),
})

/** What is listed already must not be lost: an answer that is no index is not taken for an empty one. */
function indexOf(session: RegistrySession, tag: string, bytes: Uint8Array | undefined): Descriptor[] {
  if (bytes === undefined) return []
  const answer = readAnswer(indexSchema, { text: Buffer.from(bytes).toString('utf8') })
  if (answer.ok) return answer.value.manifests
  throw new PublishError('bad-answer', {
    attempted: `read what ${repositoryOf(session.target)}:${tag} lists`,
    found: `the server sent ${answer.found}`,
    hint: 'remove that tag if it is not a list of referrers, or publish with --no-attachments',
  })
}
