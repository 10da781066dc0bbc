import { type Descriptor, mediaTypes } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { readManifestFacts } from '../store/manifest.ts'
import { listReferences } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { RegistryServerError } from './error.ts'
import { type RegistryRequest, sendJson } from './exchange.ts'
import type { RouteOf } from './route.ts'

/** Tags of a repository in order, `n` at a time from after `last`. */
export async function sendTags(exchange: RegistryRequest, { name }: RouteOf<'tags'>): Promise<void> {
  const tags = await tagsOf(exchange.store, name)
  if (tags.length === 0) throw noTags(name)
  const last = exchange.query.get('last') ?? ''
  const rest = tags.filter((tag) => tag > last)
  const limit = Number.parseInt(exchange.query.get('n') ?? '', 10)
  const page = limit >= 0 ? rest.slice(0, limit) : rest
  const end = page.at(-1)
  const more = end !== undefined && page.length < rest.length
  const link = `</v2/${name}/tags/list?n=${limit}&last=${end}>; rel="next"`
  sendJson(exchange, 200, { name, tags: page }, more ? { Link: link } : {})
}

/** An index of the manifests whose subject is this digest; empty when there are none. */
export async function sendReferrers(
  exchange: RegistryRequest,
  { digest }: RouteOf<'referrers'>,
): Promise<void> {
  const all = await referrersOf(exchange.store, digest)
  const wanted = exchange.query.get('artifactType')
  const manifests = wanted === null ? all : all.filter(({ artifactType }) => artifactType === wanted)
  sendJson(
    exchange,
    200,
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    {
      'Content-Type': mediaTypes.index,
      ...(wanted !== null && { 'OCI-Filters-Applied': 'artifactType' }),
    },
  )
}

async function tagsOf(store: Store, repository: string): Promise<string[]> {
  const prefix = `${repository}:`
  const names = (await listReferences(store)).map(({ name }) => name ?? '')
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .sort()
}

async function referrersOf(store: Store, subject: Digest): Promise<Descriptor[]> {
  const found = new Map<Digest, Descriptor>()
  for (const { descriptor } of await listReferences(store)) {
    const manifest = await readManifestFacts(store, descriptor.digest)
    if (manifest?.subject?.digest !== subject) continue
    const { artifactType, annotations } = manifest
    found.set(descriptor.digest, {
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      ...(artifactType !== undefined && { artifactType }),
      ...(annotations && { annotations }),
    })
  }
  return [...found.values()]
}

function noTags(name: string): RegistryServerError {
  return new RegistryServerError('NAME_UNKNOWN', {
    attempted: `list the tags of ${name}`,
    found: 'no image has this name',
    hint: 'see `ingot list` for what the store has',
  })
}
