import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type BundledImage,
  type BundleFile,
  blobFilePath,
  bundleIndex,
  bundleReadme,
  dockerManifest,
  imagesText,
} from '../../images/oci/bundle.ts'
import { type Digest, digestOf, hexOf } from '../../lib/digest.ts'
import { readBlob } from '../store/blobs.ts'
import type { Store } from '../store/store.ts'

/** A file of a bundle with the way to its bytes. A stream fails when they are not what the hash says. */
export interface BundleEntry extends BundleFile {
  open(): AsyncIterable<Uint8Array>
}

/** A blob of the store at its place in the layout. */
export function blobEntry(store: Store, digest: Digest, sizeBytes: number): BundleEntry {
  return {
    path: blobFilePath(digest),
    sha256: hexOf(digest),
    sizeBytes,
    open: () => readBlob(store, digest),
  }
}

export function textEntry(path: string, text: string): BundleEntry {
  const bytes = Buffer.from(text)
  return { path, sha256: hexOf(digestOf(bytes)), sizeBytes: bytes.byteLength, open: () => one(bytes) }
}

/** What makes a folder an OCI layout that docker, podman and containerd load, and the two scripts. */
export async function frameEntries(images: readonly BundledImage[]): Promise<BundleEntry[]> {
  return [
    textEntry('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    textEntry('index.json', bundleIndex(images)),
    textEntry('manifest.json', dockerManifest(images)),
    textEntry('IMAGES', imagesText(images)),
    textEntry('README.txt', bundleReadme(images)),
    await scriptEntry('verify.sh'),
    await scriptEntry('load.sh'),
  ]
}

async function scriptEntry(name: string): Promise<BundleEntry> {
  return textEntry(name, await readFile(join(import.meta.dirname, name), 'utf8'))
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
