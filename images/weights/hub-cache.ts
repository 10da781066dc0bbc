import type { LockedFile, LockedWeights, PinnedSourceOf } from '../../recipes/locked-weights.ts'
import { PlanError } from '../error.ts'
import { foldersOf, type WeightEntry } from './layers.ts'

/**
 * The files of a model in the layout of the Hub's own cache below `cacheFolder` (what HF_HUB_CACHE names): blobs by ETag,
 * snapshots of links to them, and refs, which hold a commit and no line break. Throws `refused` for weights that are not
 * from a Hub.
 */
export function hubCacheEntries(weights: LockedWeights, cacheFolder: string): WeightEntry[] {
  const { source } = weights
  if (source.type !== 'huggingface') throw notFromHub(source.type)
  const root = `${cacheFolder.replace(/^\/+|\/+$/g, '')}/${repoFolder(source)}`
  const snapshot = `${root}/snapshots/${source.commit}`
  const blobs = new Map(weights.files.map((file) => [blobName(file), file]))
  const files = [...blobs].map(
    ([name, file]) => ({ type: 'file', path: `${root}/blobs/${name}`, file }) as const,
  )
  const links = weights.files.map(
    (file) =>
      ({
        type: 'symlink',
        path: `${snapshot}/${file.path}`,
        target: `${'../'.repeat(file.path.split('/').length + 1)}blobs/${blobName(file)}`,
      }) as const,
  )
  const refs = refNames(source).map(
    (name) => ({ type: 'text', path: `${root}/refs/${name}`, text: source.commit }) as const,
  )
  const leaves = [...files.sort(byPath), ...links.sort(byPath), ...refs]
  return [...foldersOf(leaves.map((entry) => entry.path)), ...leaves]
}

/** `models--OWNER--NAME` */
export function repoFolder(source: Pick<PinnedSourceOf<'huggingface'>, 'repo'>): string {
  return `models--${source.repo.replaceAll('/', '--')}`
}

/** The Hub's ETag: the sha256 of LFS files, the git id of the others. */
function blobName(file: LockedFile): string {
  return file.gitId ?? file.sha256
}

/** A commit needs no ref; `main` is what every loader asks for when the caller names nothing. */
function refNames(source: PinnedSourceOf<'huggingface'>): string[] {
  return [...new Set(['main', ...(source.revision === source.commit ? [] : [source.revision])])].sort()
}

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : 1
}

function notFromHub(type: string): PlanError {
  return new PlanError('refused', {
    attempted: 'plan delivery hf-cache',
    found: `the weights come from a ${type} source, which has no repository name and no commit`,
    hint: 'use `source: {type: huggingface, …}`, or deliver the weights as baked or mounted',
  })
}
