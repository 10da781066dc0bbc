import { createHash } from 'node:crypto'
import { type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub'
import type { LockedFile, LockedWeights, PinnedSourceOf } from '../../recipes/locked-weights.ts'
import { type SourceOf, setDigestOf } from '../../recipes/weights.ts'
import { readPersistently } from '../network/persistent.ts'
import { readRange } from '../network/ranged.ts'
import { withRetry } from '../network/retry.ts'
import { WeightsError } from './error.ts'
import { type Hub, hubOf } from './hub-access.ts'
import { asHubFailure } from './hub-answer.ts'
import { mapLimited } from './limit.ts'
import { selectFiles } from './select.ts'
import { formatsOf, type OpenWeights, type SourceSession } from './source.ts'

/**
 * Commit, files, sizes, hashes, licence and gating of a Hub repository. The Hub lists the sha256 of LFS files; the few
 * small others are read and hashed, and checked against their git id.
 */
export async function inventoryHuggingface(
  source: SourceOf<'huggingface'>,
  session: SourceSession,
): Promise<LockedWeights> {
  const { hub, pinned, listed, license, isGated } = await listHuggingface(source, session)
  const { taken, skipped } = selectFiles(
    listed,
    { ...source, formats: formatsOf(session) },
    `${source.repo} at ${source.revision}`,
  )
  const files = await mapLimited(
    taken,
    8,
    (entry, signal) => lockFile(entry, pinned, hub, { ...session, signal }),
    session.signal,
  )
  return {
    source: { ...pinned, ...(source.token === undefined ? {} : { token: source.token }) },
    files,
    setDigest: setDigestOf(files),
    ...(license === '' ? {} : { license }),
    ...(isGated ? { gated: true } : {}),
    ...(skipped.length > 0 ? { skipped } : {}),
  }
}

type ListedFile = ListFileEntry & { sizeBytes: number }

/** What the Hub says of a repository before any file is read. */
export interface HubListing {
  hub: Hub
  pinned: PinnedSourceOf<'huggingface'>
  listed: ListedFile[]
  /** Empty where the repository states none. */
  license: string
  isGated: boolean
}

/** Commit, files with their sizes, licence and gating of a repository. */
export async function listHuggingface(
  source: SourceOf<'huggingface'>,
  session: SourceSession,
): Promise<HubListing> {
  const { repo, revision } = source
  const hub = await hubOf(repo, source.token, session)
  const info = await persist(hub, session, () => repositoryInfo(source, hub))
  const listed = await persist(hub, session, () => listAll(repo, info.sha, hub))
  requireWholeList(repo, listed, info.filePaths ?? [])
  return {
    hub,
    pinned: { type: 'huggingface', repo, revision, commit: info.sha },
    listed,
    license: [info.cardData?.license].flat().filter(Boolean).join(', '),
    isGated: Boolean(info.gated),
  }
}

export async function openHuggingface(
  pinned: PinnedSourceOf<'huggingface'>,
  session: SourceSession,
): Promise<OpenWeights> {
  const hub = await hubOf(pinned.repo, pinned.token, session)
  return {
    read: (file, offset) => readHubFile(pinned, file, offset, { ...session, hub }),
    close: async () => {},
  }
}

/**
 * By the file's own address, which the Hub answers with a redirect that expires, so each opening starts there. Not by the
 * library's Blob: that loses why a download broke, and needs answers that mirrors do not give.
 */
function readHubFile(
  pinned: { repo: string; commit: string },
  file: Pick<LockedFile, 'path' | 'sizeBytes' | 'from'>,
  offset: number,
  { hub, ...session }: SourceSession & { hub: Hub },
): AsyncGenerator<Uint8Array> {
  const url = `${hub.endpoint}/${pinned.repo}/resolve/${pinned.commit}/${encodePath(file.from ?? file.path)}`
  return readRange(url, offset, file.sizeBytes, { ...session, fetch: hub.fetch })
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

async function listAll(repo: string, revision: string, hub: Hub): Promise<ListedFile[]> {
  const entries = []
  for await (const entry of listFiles({ repo, revision, recursive: true, ...hub.access }))
    if (entry.type === 'file') entries.push({ ...entry, sizeBytes: entry.lfs?.size ?? entry.size })
  return entries
}

function repositoryInfo({ repo, revision }: SourceOf<'huggingface'>, hub: Hub) {
  return modelInfo({
    name: repo,
    revision,
    additionalFields: ['sha', 'cardData', 'filePaths'],
    ...hub.access,
  })
}

/** A proxy that drops the `Link` header of a long list leaves out what follows its first page. */
function requireWholeList(
  repo: string,
  listed: readonly { path: string }[],
  siblings: readonly string[],
): void {
  const paths = new Set(listed.map(({ path }) => path))
  const absent = siblings.filter((path) => !paths.has(path))
  if (absent.length === 0) return
  const more = absent.length > 5 ? ` and ${absent.length - 5} more` : ''
  throw new WeightsError('bad-answer', {
    attempted: `list the files of ${repo}`,
    found: `the list has ${listed.length} files and lacks ${absent.slice(0, 5).join(', ')}${more}, which the repository names`,
    hint: 'a proxy or a mirror drops the `Link` header that leads to the next page; check HF_ENDPOINT',
  })
}

async function lockFile(
  entry: ListedFile,
  pinned: { repo: string; commit: string },
  hub: Hub,
  session: SourceSession,
): Promise<LockedFile> {
  const { path, sizeBytes } = entry
  if (entry.lfs) return { path, sizeBytes, sha256: entry.lfs.oid.replace(/^sha256:/, '') }
  const sha256 = createHash('sha256')
  const gitId = createHash('sha1').update(`blob ${sizeBytes}\0`)
  const read = (file: { sizeBytes: number }, offset: number) =>
    readHubFile(pinned, { path, ...file }, offset, { ...session, hub })
  for await (const chunk of readPersistently(read, { path, sizeBytes }, 0, session)) {
    sha256.update(chunk)
    gitId.update(chunk)
  }
  const found = gitId.digest('hex')
  if (entry.oid !== undefined && found !== entry.oid)
    throw new WeightsError('hash-mismatch', {
      attempted: `read ${path} of ${pinned.repo}`,
      found: 'its bytes do not match its git id',
      hint: 'a proxy or a mirror changed the file on its way',
    })
  return { path, sizeBytes, sha256: sha256.digest('hex'), gitId: found }
}

function persist<Value>(hub: Hub, session: SourceSession, act: () => Promise<Value>): Promise<Value> {
  const understood = () =>
    act().catch((error: unknown) => {
      throw asHubFailure(error, hub.repo, hub.endpoint)
    })
  return withRetry(understood, session.retry, session.signal)
}
