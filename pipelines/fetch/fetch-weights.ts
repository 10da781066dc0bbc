import { symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hubCacheEntries, repoFolder } from '../../images/weights/hub-cache.ts'
import { errnoOf } from '../../lib/error.ts'
import { type LockedFile, type LockedWeights, totalBytes } from '../../recipes/locked-weights.ts'
import type { Delivery } from '../../recipes/weights.ts'
import { makeFolder } from '../files/make-folder.ts'
import type { Progress } from '../process/progress.ts'
import { openWeights } from '../weights/inventory.ts'
import { mapLimited } from '../weights/limit.ts'
import type { SourceContext } from '../weights/source.ts'
import { type FetchOrigin, fetchFile } from './fetch-file.ts'

export interface FetchedFile {
  path: string
  sizeBytes: number
  origin: FetchOrigin
}

export interface FetchRequest {
  weights: LockedWeights
  /** `hf-cache` gives the layout of the Hub's own cache; all others the files under their names. */
  delivery: Delivery
  folder: string
  /** The Hub's cache of this machine, which is read and never written. */
  cacheFolder: string
}

const atOnce = 4

/** Puts the locked files where a host will mount them. Throws as `fetchFile`. */
export async function fetchWeights(
  { weights, delivery, folder, cacheFolder }: FetchRequest,
  context: SourceContext,
  progress: Progress,
): Promise<FetchedFile[]> {
  const places = delivery === 'hf-cache' ? cachePlaces(weights) : plainPlaces(weights)
  const total = totalBytes(weights.files)
  let done = 0
  const onBytes = (count: number) => {
    done += count
    progress.bytes('fetch', done, total)
  }
  const source = await openWeights(weights, context)
  try {
    const fetched = await mapLimited(
      places.files,
      atOnce,
      async ({ file, path }, signal) => {
        const cached = blobIn(cacheFolder, weights, file)
        const where = { path: join(folder, path), cached }
        const origin = await fetchFile({ ...where, file, source, onBytes, context: { ...context, signal } })
        return { path, sizeBytes: file.sizeBytes, origin }
      },
      context.signal,
    )
    await writeRest(places, folder)
    return fetched
  } finally {
    await source.close()
  }
}

interface FilePlaces {
  files: { file: LockedFile; path: string }[]
  links: { path: string; target: string }[]
  texts: { path: string; text: string }[]
}

function plainPlaces({ files }: LockedWeights): FilePlaces {
  return { files: files.map((file) => ({ file, path: file.path })), links: [], texts: [] }
}

function cachePlaces(weights: LockedWeights): FilePlaces {
  const places: FilePlaces = { files: [], links: [], texts: [] }
  const locked = new Map(weights.files.map((file) => [file.sha256, file]))
  for (const entry of hubCacheEntries(weights, '')) {
    const path = entry.path.replace(/^\//, '')
    const file = entry.type === 'file' ? locked.get(entry.file.sha256) : undefined
    if (file !== undefined) places.files.push({ file, path })
    if (entry.type === 'symlink') places.links.push({ path, target: entry.target })
    if (entry.type === 'text') places.texts.push({ path, text: entry.text })
  }
  return places
}

/** Where the Hub's clients keep a file: by the sha256 of large ones, by the git id of the others. */
function blobIn(cacheFolder: string, { source }: LockedWeights, file: LockedFile): string | undefined {
  if (source.type !== 'huggingface') return undefined
  return join(cacheFolder, repoFolder(source), 'blobs', file.gitId ?? file.sha256)
}

async function writeRest({ links, texts }: FilePlaces, folder: string): Promise<void> {
  for (const { path, target } of links) {
    await makeFolder(dirname(join(folder, path)))
    await symlink(target, join(folder, path)).catch(passPresent)
  }
  for (const { path, text } of texts) {
    await makeFolder(dirname(join(folder, path)))
    await writeFile(join(folder, path), text)
  }
}

function passPresent(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error
}
