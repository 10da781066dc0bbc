import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Descriptor, describe, type Index, mediaTypes } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { readAnswer } from '../network/answer.ts'
import type { StoredManifest } from '../store/closure.ts'
import { RegistryError } from './error.ts'
import { type Precondition, putManifest, putTagIf } from './manifest.ts'
import { digestSchema } from './oci-documents.ts'
import { type FoundDocument, findManifest, referrersTag } from './read.ts'
import { repositoryOf } from './reference.ts'
import type { RegistrySession } from './session.ts'

/** A manifest that speaks about another. */
export interface ReferringManifest {
  subject: Digest
  manifest: StoredManifest
}

/**
 * Puts manifests that speak about others. Registries from before the referrers API get an index under the tag `sha256-…`
 * that the distribution spec names for them; cosign and oras look there as well.
 */
export async function putReferrers(
  session: RegistrySession,
  referrers: readonly ReferringManifest[],
): Promise<void> {
  const unlisted = new Map<Digest, Descriptor[]>()
  for (const { subject, manifest } of referrers) {
    if (await putManifest(session, manifest)) continue
    unlisted.set(subject, [...(unlisted.get(subject) ?? []), manifest.descriptor])
  }
  for (const [subject, descriptors] of unlisted) await addToList(session, subject, descriptors)
}

// Each of them loses a race against another publisher, whose own writes end.
const mostWrites = 20

/**
 * Adds to a list that others may write to at the same time: what was read is named with `If-Match`, and since many
 * registries take no notice of that, the list is read once more after a moment in which another's write would arrive.
 */
async function addToList(
  session: RegistrySession,
  subject: Digest,
  added: readonly Descriptor[],
): Promise<void> {
  const tag = referrersTag(subject)
  let refused: string | undefined
  for (let write = 1; ; write++) {
    const before = await findManifest(session, tag)
    const listed = listedIn(session, tag, before)
    const missing = added.filter(({ digest }) => !listed.some((entry) => entry.digest === digest))
    if (missing.length === 0) return
    if (write > mostWrites) throw lostRace(session, tag)
    // Where nobody wrote since the refusal, the registry's names of states are of no use, as behind a proxy that changes them.
    const isUseless = refused !== undefined && refused === stateOf(before)
    const precondition = isUseless ? {} : preconditionFor(before)
    const isTaken = await putTagIf(session, indexOf([...listed, ...missing]), tag, precondition)
    if (!isTaken && isUseless) throw lostRace(session, tag)
    refused = isTaken ? undefined : stateOf(before)
    await sleep(settleMs(session), undefined, { signal: session.signal })
  }
}

function stateOf(found: FoundDocument | undefined): string {
  return found?.digest ?? 'nothing'
}

/** A weak ETag never matches, by HTTP's own rule. */
function preconditionFor(found: FoundDocument | undefined): Precondition {
  if (found === undefined) return { 'if-none-match': '*' }
  return found.etag === undefined || found.etag.startsWith('W/') ? {} : { 'if-match': found.etag }
}

/** Half a second to a second: longer than another's read and write take, and not the same for two that met. */
function settleMs({ retry }: RegistrySession): number {
  return retry.firstDelayMs * (1 + Math.random())
}

function indexOf(entries: readonly Descriptor[]): StoredManifest {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [...entries].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
  } satisfies Index
  const { bytes, descriptor } = describe(mediaTypes.index, index)
  return { descriptor, text: bytes }
}

const indexSchema = z.looseObject({
  // Entries are copied as they are, with members that only their makers know.
  manifests: z.array(z.looseObject({ digest: digestSchema, mediaType: z.string(), size: z.int() })),
})

/** What is listed already must not be lost: an answer that is no index is not taken for an empty one. */
function listedIn(session: RegistrySession, tag: string, found: FoundDocument | undefined): Descriptor[] {
  if (found === undefined) return []
  const answer = readAnswer(indexSchema, { text: found.text })
  if (answer.ok) return answer.value.manifests
  throw new RegistryError('bad-answer', {
    attempted: `read what ${repositoryOf(session.target)}:${tag} lists`,
    found: `the server sent ${answer.found}`,
    hint: 'remove that tag if it is not a list of referrers, or publish with --no-attachments',
  })
}

function lostRace(session: RegistrySession, tag: string): RegistryError {
  return new RegistryError('mismatch', {
    attempted: `list what speaks about the image under ${repositoryOf(session.target)}:${tag}`,
    found: 'the registry does not keep what is written there, or others write to it all the time',
    hint: 'see whether tags are immutable there, and publish again when others have ended; no tag of the image was changed',
  })
}
