import { type Descriptor, describe, type Index, mediaTypes } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import type { StoredManifest } from '../store/closure.ts'
import { jsonObjectOf } from '../store/manifest.ts'
import { putManifest, putTag, readManifestText } from './manifest.ts'
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
  const before = indexOf(await readManifestText(session, tag))
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

function indexOf(bytes: Uint8Array | undefined): Descriptor[] {
  const manifests = bytes && jsonObjectOf(Buffer.from(bytes).toString('utf8'))?.['manifests']
  // The registry's own index: entries are copied as they are, and what is wrong in them stays theirs.
  return Array.isArray(manifests) ? (manifests as Descriptor[]) : []
}
