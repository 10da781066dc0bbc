import semver from 'semver'
import { messageOf } from '../../lib/error.ts'
import { type ReleaseTag, releasesOf, tagFormOf, taggedImage } from '../../recipes/release-tags.ts'
import { openConnection } from '../network/connection.ts'
import { RemoteError } from '../network/error.ts'
import { openReader } from '../registry-client/read.ts'
import { parseReference } from '../registry-client/reference.ts'
import { listTags } from '../registry-client/tags.ts'
import type { SourceSettings } from '../weights/source.ts'

interface ReleasesContext {
  settings: SourceSettings
  signal: AbortSignal
}

/** Releases of an official image, named as the reference is. */
export interface FoundReleases {
  repository: string
  /** The newest first; empty for a tag that stands for no release. */
  releases: ReleaseTag[]
}

/** An answer takes a second; who asks has a tag that is known already. */
const patience = { attempts: 2, firstDelayMs: 500, maxDelayMs: 1000 }

/** Asks the registry of a reference which releases it has. Throws what reading a registry throws. */
export async function listReleases(
  reference: string,
  { settings, signal }: ReleasesContext,
): Promise<FoundReleases> {
  const tagged = taggedImage(reference)
  const form = tagged && tagFormOf(tagged.tag)
  if (tagged === undefined || form === undefined) return { repository: reference, releases: [] }
  const connection = openConnection(settings.proxies, signal)
  try {
    const { version: _tag, ...repository } = parseReference(reference)
    const session = openReader(repository, { fetch: connection.fetch, settings, signal, retry: patience })
    return { repository: tagged.repository, releases: releasesOf(form, await listTags(session)) }
  } finally {
    await connection.close()
  }
}

interface ReleaseContext extends ReleasesContext {
  /** Semver range of the recipe. */
  range: string
  note(text: string): void
}

/**
 * The newest release inside the range, as a reference; the given one where the registry has none, or does not say, which is
 * noted: an engine behind a mirror may reach what this process does not.
 */
export async function newestRelease(reference: string, context: ReleaseContext): Promise<string> {
  const { range, note } = context
  try {
    const { repository, releases } = await listReleases(reference, context)
    const newest = releases.find(({ version }) => semver.satisfies(version, range))
    return newest === undefined ? reference : `${repository}:${newest.tag}`
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    context.signal.throwIfAborted()
    note(`${reference} is taken, since its registry did not list its releases: ${messageOf(error)}`)
    return reference
  }
}
