import { join } from 'node:path'
import { type Digest, hexOf } from '../../lib/digest.ts'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { openRegularFile, readRegularFile } from '../files/regular-file.ts'
import { isDescriptor, jsonObjectOf } from '../store/manifest.ts'
import { nameAnnotation } from '../store/reference.ts'
import { SizeError } from './error.ts'
import { type BlobPlace, notImage } from './image.ts'

/** An OCI image layout in a folder; nothing is written to it. */
export function layoutPlace(reference: string, folder: string, tag: string | undefined): BlobPlace {
  const path = (digest: Digest) => join(folder, 'blobs', 'sha256', hexOf(digest))
  const read = async (name: string) => {
    const found = await readRegularFile(name)
    if (found.ok) return found.text
    throw missing(reference, name, found.cause ?? new Error(found.found))
  }
  return {
    reference,
    async manifest(digest) {
      if (digest !== undefined) return read(path(digest))
      return read(path(rootOf(await read(join(folder, 'index.json')), tag, reference)))
    },
    text: (digest) => read(path(digest)),
    async *read(digest) {
      const opened = await openRegularFile(path(digest))
      if (!opened.ok) throw missing(reference, path(digest), opened.cause ?? new Error(opened.found))
      yield* opened.file.createReadStream({ highWaterMark: 1 << 20 })
    },
    close: async () => {},
  }
}

/** The manifest that a layout's index means: the one with the tag, or the only one. Throws `no-image`. */
export function rootOf(indexText: string, tag: string | undefined, reference: string): Digest {
  const listed = jsonObjectOf(indexText)?.['manifests']
  if (!Array.isArray(listed) || !listed.every(isDescriptor)) throw notImage(reference, 'no OCI index')
  const named = listed.map((entry) => ({ digest: entry.digest, names: namesOf(entry.annotations) }))
  const fitting =
    tag === undefined ? named : named.filter(({ names }) => names.some((name) => isCalled(name, tag)))
  const [first, ...others] = fitting
  if (first !== undefined && others.length === 0) return first.digest
  const names = named.flatMap((entry) => entry.names)
  throw new SizeError('no-image', {
    attempted: `find the image in ${reference}`,
    found:
      fitting.length > 1
        ? `there are ${fitting.length}: ${names.join(', ')}`
        : `no image with this tag; there is ${names.join(', ') || 'none with a name'}`,
    hint: 'write the tag behind a colon',
  })
}

/** Names are written with or without what stands before them: `1`, `server:1`, `docker.io/app/server:1`. */
export function isCalled(name: string, written: string): boolean {
  return name === written || name.endsWith(`:${written}`) || name.endsWith(`/${written}`)
}

function namesOf(annotations: Record<string, string> | undefined): string[] {
  return [annotations?.[nameAnnotation], annotations?.['io.containerd.image.name']].filter(
    (name): name is string => name !== undefined,
  )
}

function missing(reference: string, path: string, error: unknown): SizeError {
  return new SizeError('no-image', {
    attempted: `read the layout ${reference}`,
    found: errnoOf(error) === 'ENOENT' ? `${path} is not there` : messageOf(error),
    hint: 'name a folder with oci-layout, index.json and blobs, as `oci:FOLDER[:TAG]`',
    cause: error,
  })
}
