import { createHash } from 'node:crypto'
import { assembleImage, type Descriptor, mediaTypes, type StoredLayer } from '../../../images/oci/oci.ts'
import { type Digest, digestOf } from '../../../lib/digest.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlob } from '../../../pipelines/store/write.ts'
import { storeImage } from '../store/store-image.ts'

/** Bytes that no compression or other seed repeats. */
export function noise(seed: string, sizeBytes: number): Buffer {
  const blocks: Buffer[] = []
  for (let block = 0; block * 32 < sizeBytes; block++)
    blocks.push(createHash('sha256').update(`${seed} ${block}`).digest())
  return Buffer.concat(blocks).subarray(0, sizeBytes)
}

export interface LayerSpec {
  seed: string
  sizeBytes: number
}

/** An image of layers that no runtime could unpack: a registry only looks at bytes and digests. */
export async function imageOf(
  store: Store,
  layers: readonly LayerSpec[],
  options: { name?: string; platform?: string } = {},
): Promise<Descriptor> {
  const stored: StoredLayer[] = []
  for (const { seed, sizeBytes } of layers) {
    const bytes = noise(seed, sizeBytes)
    const { digest } = await writeBlob(store, chunksOf(bytes))
    stored.push({
      descriptor: { mediaType: mediaTypes.layer, digest, size: sizeBytes },
      diffId: digestOf(bytes),
      cause: seed,
    })
  }
  const { platform = 'linux/amd64', name } = options
  const image = assembleImage(
    stored,
    { User: '10001:0', Labels: { seed: layers.map(({ seed }) => seed).join() } },
    platform,
    {},
  )
  await storeImage(store, image, name)
  return image.manifest.descriptor
}

/** What a registry has under a tag, read without any code of the publisher. */
export async function inspectTag(
  origin: string,
  repository: string,
  tag: string,
  headers: Record<string, string> = {},
): Promise<{ state: 'absent' | 'complete' | 'incomplete'; digest?: Digest; why?: string }> {
  const types = [mediaTypes.manifest, mediaTypes.index].join(', ')
  const answer = await fetch(`${origin}/v2/${repository}/manifests/${tag}`, {
    headers: { ...headers, accept: types },
  })
  if (answer.status === 404) return { state: 'absent' }
  if (answer.status !== 200) return { state: 'incomplete', why: `tag answers ${answer.status}` }
  const text = Buffer.from(await answer.arrayBuffer())
  const digest = digestOf(text)
  const manifest = JSON.parse(text.toString('utf8'))
  const problems: string[] = []
  for (const child of manifest.manifests ?? []) {
    const found = await inspectTag(origin, repository, child.digest, headers)
    if (found.state !== 'complete') problems.push(`${child.digest} is ${found.state}`)
  }
  for (const child of manifest.layers ? [manifest.config, ...manifest.layers] : []) {
    const blob = await fetch(`${origin}/v2/${repository}/blobs/${child.digest}`, { headers })
    const bytes = Buffer.from(await blob.arrayBuffer())
    if (blob.status !== 200 || digestOf(bytes) !== child.digest)
      problems.push(`${child.digest}: ${blob.status}`)
  }
  return problems.length === 0
    ? { state: 'complete', digest }
    : { state: 'incomplete', digest, why: problems.join('; ') }
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
