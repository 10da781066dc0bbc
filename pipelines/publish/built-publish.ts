import type { Descriptor } from '../../images/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import type { CommandContext } from '../commands/command.ts'
import type { Login } from '../network/login.ts'
import type { Store } from '../store/store.ts'
import { storeAttachments } from './attachments.ts'
import type { BuiltImage } from './built.ts'
import { closureOf } from './closure.ts'
import { companionsOf } from './companions.ts'
import { rememberPlaces, repositoriesOf } from './places.ts'
import { type Published, publishImage, type Referrer } from './publish.ts'
import type { Target } from './reference.ts'
import { imageOf, rootOf } from './root.ts'
import { openSession } from './session.ts'
import type { Transport } from './transport.ts'

export interface BuiltPublish {
  store: Store
  transport: Transport
  target: Target
  tags: string[]
  built: readonly BuiltImage[]
  isUnverified: boolean
  hasAttachments: boolean
  /** Repositories of the target's host that the person names. */
  mountFrom: readonly string[]
  chunkBytes?: number
  parallel?: number
  login(): Promise<Login | undefined>
  context: Pick<CommandContext, 'environment' | 'progress' | 'signal'>
}

/**
 * Publishes what recipes became: one image, or an index over several platforms, with what is known about each. Weights that
 * are an image of their own go first, so that no server can be started that waits for them in vain.
 */
export async function publishBuilt(request: BuiltPublish): Promise<Published & { companions: Published[] }> {
  const { store, built, target, tags } = request
  const companions: Published[] = []
  for (const { name, image } of await companionsOf(store, built))
    companions.push(await send(request, { ...target, name: `${target.name}-${name}` }, image, tags, []))
  const images = await Promise.all(built.map((image) => imageOf(store, image)))
  const referrers = request.hasAttachments ? await attachmentsOf(request, images) : []
  const root = await rootOf(store, built.map(({ plan }) => plan.name).join('.'), images)
  return { ...(await send(request, target, root, tags, referrers)), companions }
}

async function send(
  request: BuiltPublish,
  target: Target,
  root: Descriptor,
  tags: readonly string[],
  referrers: readonly Referrer[],
): Promise<Published> {
  const { store, transport, context, login, chunkBytes, parallel } = request
  const { progress, signal } = context
  progress.step(`publish ${root.digest} to ${target.host}/${target.name}`)
  const sources = await sourcesFor(request, target, root)
  // A token that may read the sources has to be asked for before the first of them is used.
  const mountable = [...new Set([...sources.values()].flat())]
  const session = openSession(target, { transport, login, mountFrom: mountable, signal })
  const published = await publishImage({
    store,
    session,
    root,
    tags,
    referrers,
    sourcesOf: (digest) => sources.get(digest) ?? [],
    onProgress: (done, total) => progress.bytes('upload', done, total),
    ...(chunkBytes !== undefined && { chunkBytes }),
    ...(parallel !== undefined && { parallel }),
  })
  await rememberPlaces(store, published.blobs, target)
  return published
}

/** For each blob the repositories of the host that may have it: those the person names, and those published to before. */
async function sourcesFor(
  { store, mountFrom }: BuiltPublish,
  target: Target,
  root: Descriptor,
): Promise<Map<Digest, readonly string[]>> {
  const { blobs } = await closureOf(store, root)
  return new Map(
    await Promise.all(
      blobs.map(
        async ({ digest }) =>
          [digest, [...mountFrom, ...(await repositoriesOf(store, digest, target))]] satisfies [
            Digest,
            string[],
          ],
      ),
    ),
  )
}

async function attachmentsOf(request: BuiltPublish, images: readonly Descriptor[]): Promise<Referrer[]> {
  const { store, built, isUnverified, context } = request
  const lists = await Promise.all(
    images.map(async (image, index) => {
      const known = built[index]
      if (known === undefined) return []
      const manifests = await storeAttachments(store, known, image, isUnverified, context.environment)
      return manifests.map((manifest) => ({ subject: image.digest, manifest }))
    }),
  )
  return lists.flat()
}
