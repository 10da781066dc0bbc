import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assembleImage, mediaTypes } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { writeBlob } from '../../pipelines/store/write.ts'
import { busyboxTar } from '../e2e/weights-podman.ts'
import { storeImage } from '../pipelines/store/store-image.ts'

export type TinyImages = (script: string) => Promise<Digest>

/** Makes images of a static busybox that run a script as their first process; 2 MB, one layer that all share. */
export async function tinyImages(store: Store): Promise<TinyImages> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-tiny-'))
  try {
    const tar = join(folder, 'layer.tar')
    await busyboxTar(tar)
    const { digest, sizeBytes } = await writeBlob(store, createReadStream(tar))
    const descriptor = { mediaType: mediaTypes.layer, digest, size: sizeBytes }
    return (script) =>
      storeImage(
        store,
        assembleImage(
          [{ descriptor, diffId: digest, cause: 'busybox' }],
          { Entrypoint: ['/bin/busybox', 'sh', '-c', script], Env: ['PATH=/bin'], WorkingDir: '/tmp' },
          'linux/amd64',
          {},
        ),
      )
  } finally {
    await rm(folder, { recursive: true })
  }
}
