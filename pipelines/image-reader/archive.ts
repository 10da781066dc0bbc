import type { FileHandle } from 'node:fs/promises'
import { posix } from 'node:path'
import { z } from 'zod'
import { type Digest, hexOf, parseDigest } from '../../lib/digest.ts'
import { openRegularFile } from '../files/regular-file.ts'
import { chunksOf } from '../store/blobs.ts'
import { SizeError } from './error.ts'
import {
  type BlobPlace,
  configBasics,
  jsonOf,
  layerTitles,
  notImage,
  type OpenImage,
  openImage,
  parseConfig,
} from './image.ts'
import { isCalled, rootOf } from './layout.ts'
import { fileSource } from './source.ts'
import { tarMembers } from './tar.ts'

interface ArchivePlace {
  offset: number
  sizeBytes: number
}

interface OpenArchive {
  reference: string
  path: string
  members: Map<string, ArchivePlace>
  /** Links among the members: older archives of Docker point from a layer to an equal one. */
  links: Map<string, string>
  text(name: string): Promise<string>
  read(place: ArchivePlace): AsyncIterable<Uint8Array>
}

/** An image in a tar that docker, podman or skopeo saved. Its members are found by leaping; layers are read in place. */
export async function openArchiveImage(
  reference: string,
  path: string,
  tag: string | undefined,
  platform: string,
): Promise<OpenImage> {
  const archive = await openArchive(reference, path)
  if (archive.members.has('index.json')) return openImage(ociPlace(archive, tag), platform)
  if (archive.members.has('manifest.json')) return savedImage(archive, tag)
  throw notImage(reference, 'a tar with neither index.json nor manifest.json')
}

async function openArchive(reference: string, path: string): Promise<OpenArchive> {
  const file = await opened(reference, path)
  const members = new Map<string, ArchivePlace>()
  const links = new Map<string, string>()
  try {
    const source = fileSource(file, (await file.stat()).size)
    for await (const { name, typeFlag, linkName, storedBytes } of tarMembers(source, path)) {
      const key = posix.normalize(name)
      if (typeFlag === '2') links.set(key, posix.join(posix.dirname(key), linkName))
      else members.set(key, { offset: source.position(), sizeBytes: storedBytes })
    }
  } finally {
    await file.close()
  }
  async function* read({ offset, sizeBytes }: ArchivePlace): AsyncGenerator<Uint8Array> {
    yield* chunksOf(await opened(reference, path), offset, offset + sizeBytes)
  }
  const text = async (name: string) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of read(placeOf({ reference, members, links }, name))) chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8')
  }
  return { reference, path, members, links, text, read }
}

function placeOf(
  { reference, members, links }: Pick<OpenArchive, 'reference' | 'members' | 'links'>,
  name: string,
): ArchivePlace {
  const place = members.get(links.get(name) ?? name)
  if (place) return place
  throw notImage(reference, `an archive without ${name}`)
}

function ociPlace(archive: OpenArchive, tag: string | undefined): BlobPlace {
  const { reference } = archive
  const blob = (digest: Digest) => `blobs/sha256/${hexOf(digest)}`
  return {
    reference,
    manifest: async (digest) =>
      archive.text(blob(digest ?? rootOf(await archive.text('index.json'), tag, reference))),
    text: (digest) => archive.text(blob(digest)),
    read: (digest) => archive.read(placeOf(archive, blob(digest))),
    close: async () => {},
  }
}

const savedSchema = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }),
)

/** `docker save` of old: a list of images that names the members with their layers. */
async function savedImage(archive: OpenArchive, tag: string | undefined): Promise<OpenImage> {
  const { reference } = archive
  const saved = savedSchema.safeParse(jsonOf(await archive.text('manifest.json'), reference))
  if (!saved.success) throw notImage(reference, 'a manifest.json that is not of docker save')
  const images = saved.data.filter(
    ({ RepoTags }) => tag === undefined || RepoTags?.some((name) => isCalled(name, tag)),
  )
  const [image] = images
  if (image === undefined || images.length > 1) throw several(reference, saved.data)
  const config = await archive.text(image.Config)
  const facts = parseConfig(config, reference)
  const titles = layerTitles(facts, image.Layers.length)
  const diffIds = facts.rootfs?.diff_ids ?? []
  const places = new Map<Digest, ArchivePlace>()
  const layers = image.Layers.map((name, index) => {
    const place = placeOf(archive, posix.normalize(name))
    const digest = parseDigest(diffIds[index] ?? '')
    places.set(digest, place)
    return { digest, storedBytes: place.sizeBytes, title: titles[index] ?? '' }
  })
  return {
    reference,
    digest: null,
    ...configBasics(facts),
    layers,
    readLayer: ({ digest }) => {
      const place = places.get(digest)
      return place === undefined ? archive.read({ offset: 0, sizeBytes: 0 }) : archive.read(place)
    },
    isStored: false,
    close: async () => {},
  }
}

async function opened(reference: string, path: string): Promise<FileHandle> {
  const opened = await openRegularFile(path)
  if (opened.ok) return opened.file
  throw new SizeError('no-image', {
    attempted: `open the archive ${reference}`,
    found: opened.found,
    hint: 'name a tar that `docker save`, `podman save` or `skopeo copy` wrote',
    cause: opened.cause,
  })
}

function several(reference: string, images: z.infer<typeof savedSchema>): SizeError {
  const names = images.flatMap(({ RepoTags }) => RepoTags ?? [])
  return new SizeError('no-image', {
    attempted: `find the image in ${reference}`,
    found: `it has ${images.length} images: ${names.join(', ') || 'none with a name'}`,
    hint: 'write the name behind a colon: FILE.tar:NAME:TAG',
  })
}
