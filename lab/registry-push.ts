import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { LabError } from './errors.ts'

/** A repository of the lab's registry: address is `127.0.0.1:PORT`, name is `library/debian`. */
export interface Repository {
  readonly address: string
  readonly name: string
}

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

export interface CompressedLayer extends Descriptor {
  readonly diffId: string
}

/** Compresses a tar beside itself; zlib writes no name and no time, so the same tar gives the same bytes. */
export async function compressLayer(tarFile: string, gzipFile: string): Promise<CompressedLayer> {
  const diff = createHash('sha256')
  await pipeline(
    createReadStream(tarFile),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        diff.update(chunk)
        yield chunk
      }
    },
    createGzip({ level: 6 }),
    createWriteStream(gzipFile),
  )
  const compressed = createHash('sha256')
  for await (const chunk of createReadStream(gzipFile)) compressed.update(chunk)
  return {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: `sha256:${compressed.digest('hex')}`,
    size: (await stat(gzipFile)).size,
    diffId: `sha256:${diff.digest('hex')}`,
  }
}

export async function pushFile(repository: Repository, descriptor: Descriptor, file: string): Promise<void> {
  const body = () => Readable.toWeb(createReadStream(file)) as ReadableStream
  await pushBlob(repository, descriptor, body)
}

export async function pushJson(
  repository: Repository,
  mediaType: string,
  value: unknown,
): Promise<Descriptor> {
  const { descriptor, text } = describeJson(mediaType, value)
  await pushBlob(repository, descriptor, () => text)
  return descriptor
}

/** Stores a manifest or an index under its digest and, when given, under a tag. */
export async function pushManifest(
  repository: Repository,
  mediaType: string,
  value: unknown,
  tags: readonly string[] = [],
): Promise<Descriptor> {
  const { descriptor, text } = describeJson(mediaType, value)
  for (const reference of [descriptor.digest, ...tags]) {
    await answer(`http://${repository.address}/v2/${repository.name}/manifests/${reference}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: text,
    })
  }
  return descriptor
}

export async function hasManifest(repository: Repository, reference: string): Promise<boolean> {
  const url = `http://${repository.address}/v2/${repository.name}/manifests/${reference}`
  const headers = { accept: 'application/vnd.oci.image.index.v1+json' }
  return (await fetch(url, { method: 'HEAD', headers })).ok
}

function describeJson(mediaType: string, value: unknown): { descriptor: Descriptor; text: string } {
  const text = JSON.stringify(value)
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
  return { descriptor: { mediaType, digest, size: Buffer.byteLength(text) }, text }
}

async function pushBlob(
  repository: Repository,
  blob: Descriptor,
  body: () => NonNullable<RequestInit['body']>,
): Promise<void> {
  const blobs = `http://${repository.address}/v2/${repository.name}/blobs`
  if ((await fetch(`${blobs}/${blob.digest}`, { method: 'HEAD' })).ok) return
  const started = await answer(`${blobs}/uploads/`, { method: 'POST' })
  const upload = new URL(started.headers.get('location') ?? '', blobs)
  upload.searchParams.set('digest', blob.digest)
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) }
  await answer(upload.href, { method: 'PUT', headers, body: body(), duplex: 'half' })
}

async function answer(url: string, request: RequestInit & { duplex?: 'half' }): Promise<Response> {
  const response = await fetch(url, request)
  if (response.ok) return response
  const said = `${request.method} ${url}: ${response.status} ${await response.text()}`
  throw new LabError(
    'command-failed',
    `the lab's registry refused: ${said}`,
    'read logs/registry.log of the lab',
  )
}
