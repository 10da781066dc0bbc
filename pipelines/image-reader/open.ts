import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readBlob, readBlobText } from '../store/blobs.ts'
import { resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { openArchiveImage } from './archive.ts'
import { SizeError } from './error.ts'
import { type BlobPlace, type OpenImage, openImage } from './image.ts'
import { layoutPlace } from './layout.ts'
import { type RegistryOptions, registryPlace } from './registry.ts'

export interface OpenOptions extends RegistryOptions {
  /** Null where there is none yet. */
  store: Store | null
  platform: string
}

/**
 * Finds an image by what a person wrote: `oci:FOLDER[:TAG]`, `FILE.tar[:NAME:TAG]`, a folder with a layout, a name or digest
 * of the store, else a reference of a registry. The first that exists is taken.
 */
export async function openReference(reference: string, options: OpenOptions): Promise<OpenImage> {
  const { store, platform } = options
  if (reference.startsWith('oci:')) {
    const { path, tag } = splitTag(reference.slice('oci:'.length), isFolder)
    return openImage(layoutPlace(reference, path, tag), platform)
  }
  refuseSpecial(reference)
  const { path, tag } = splitTag(reference, isFile)
  if (isFile(path) || /\.tar$/.test(path)) return openArchiveImage(reference, path, tag, platform)
  if (isFolder(reference) && existsSync(join(reference, 'oci-layout')))
    return openImage(layoutPlace(reference, reference, undefined), platform)
  const stored = store && (await storePlace(reference, store))
  return openImage(stored ?? registryPlace(reference, options), platform)
}

/** A path may hold colons itself; the longest one that exists is meant. */
function splitTag(
  text: string,
  exists: (path: string) => boolean,
): { path: string; tag: string | undefined } {
  for (let end = text.length; end > 0; end = text.lastIndexOf(':', end - 1)) {
    const path = text.slice(0, end)
    if (exists(path)) return { path, tag: end === text.length ? undefined : text.slice(end + 1) }
  }
  return { path: text, tag: undefined }
}

/** A device, a pipe or a socket may never end, and an image is none of them. */
function refuseSpecial(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined || found.isFile() || found.isDirectory()) return
  throw new SizeError('bad-reference', {
    attempted: `open the image ${path}`,
    found: 'it is neither a file nor a folder',
    hint: 'name an archive (FILE.tar), a folder with a layout (oci:FOLDER), a name of the store or of a registry',
  })
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

async function storePlace(reference: string, store: Store): Promise<BlobPlace | null> {
  const found =
    (await resolveReference(store, reference)) ?? (await resolveReference(store, `${reference}:latest`))
  if (found === undefined) return null
  return {
    reference,
    manifest: (digest) => readBlobText(store, digest ?? found.digest),
    text: (digest) => readBlobText(store, digest),
    read: (digest) => readBlob(store, digest),
    isStore: true,
    close: async () => {},
  }
}
