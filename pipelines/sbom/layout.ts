import { copyFile, link, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Descriptor, describe, type Manifest, mediaTypes } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { makeFolder } from '../files/make-folder.ts'
import { blobPath } from '../store/blobs.ts'
import { readImageConfig, readImageManifest } from '../store/image.ts'
import type { Store } from '../store/store.ts'

/**
 * Writes an OCI layout of an image with some of its layers, so that a reader of the layout reads no weight again. Layers are further
 * names of the store's files, or copies where the folder is on another disk.
 */
export async function writeLayout(
  store: Store,
  image: Digest,
  wanted: readonly Digest[],
  folder: string,
): Promise<void> {
  const [manifest, config] = [await readImageManifest(store, image), await readImageConfig(store, image)]
  const kept = manifest.layers.flatMap(({ digest }, index) => (wanted.includes(digest) ? [index] : []))
  const pick = <Item>(list: readonly Item[]) => kept.flatMap((index) => list[index] ?? [])
  const smaller = describe(mediaTypes.config, {
    ...config,
    rootfs: { ...config.rootfs, diff_ids: pick(config.rootfs.diff_ids) },
    history: pick(config.history),
  })
  const layers = pick(manifest.layers)
  const root = describe(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: smaller.descriptor,
    layers,
  } satisfies Manifest)
  const blobs = join(folder, 'blobs', 'sha256')
  await makeFolder(blobs)
  const place = ({ digest }: Descriptor) => join(blobs, digest.slice('sha256:'.length))
  for (const { bytes, descriptor } of [smaller, root]) await writeFile(place(descriptor), bytes)
  for (const layer of layers) await sameFile(blobPath(store, layer.digest), place(layer))
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await writeFile(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [root.descriptor] }),
  )
}

/** A second name; symbolic links are what readers of layouts refuse. */
async function sameFile(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to))
}
