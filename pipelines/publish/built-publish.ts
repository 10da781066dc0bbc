import type { Descriptor } from '../../images/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { storeAttachments } from '../built/attachments.ts'
import { closureOf } from '../built/closure.ts'
import type { ImageDocument } from '../built/documents.ts'
import type { BuiltImage } from '../built/image.ts'
import { type PreparedImage, type PrepareRequest, prepareImage } from '../built/prepare.ts'
import type { CommandContext } from '../commands/command.ts'
import type { Signer } from '../cosign.ts'
import type { Login } from '../network/login.ts'
import type { Store } from '../store/store.ts'
import { type Signed, signImages } from './cosign.ts'
import { rememberPlaces, repositoriesOf } from './places.ts'
import { type Published, publishImage, type Referrer } from './publish.ts'
import type { Target } from './reference.ts'
import { rootOf } from './root.ts'
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
  /** What to do where no SBOM can be made. */
  sbom: PrepareRequest['sbom']
  /** Signs what is sent, before any tag; unsigned when absent. */
  signer?: Signer | undefined
  /** Repositories of the target's host that the person names. */
  mountFrom: readonly string[]
  chunkBytes?: number
  parallel?: number
  login(): Promise<Login | undefined>
  /** Reads secrets that only Dagger's providers do. */
  resolveSecret?: PrepareRequest['resolveSecret']
  context: Pick<CommandContext, 'environment' | 'progress' | 'signal' | 'stderr'>
}

/**
 * Publishes what recipes became: one image, or an index over several platforms, with what is known about each. Weights that
 * are an image of their own go first, so that no server can be started that waits for them in vain.
 */
export async function publishBuilt(request: BuiltPublish): Promise<Published & { companions: Published[] }> {
  const { built, target, hasAttachments } = request
  const prepared = await prepareAll(request)
  const said = ({ image, documents }: Said): Said => ({ image, documents: hasAttachments ? documents : [] })
  const name = built.map(({ plan }) => plan.name).join('.')
  const companions: Published[] = []
  for (const [kind, images] of companionsByName(prepared)) {
    const place = { ...target, name: `${target.name}-${kind}` }
    companions.push(await sendTogether(request, place, `${name}-${kind}`, images.map(said)))
  }
  return { ...(await sendTogether(request, target, name, prepared.map(said))), companions }
}

/** What stands beside each platform's server; the same image for several of them counts once. */
function companionsByName(prepared: readonly PreparedImage[]): Map<string, Said[]> {
  const found = new Map<string, Said[]>()
  for (const { image: server, companions } of prepared)
    for (const { name, image, documents } of companions) {
      const others = found.get(name) ?? []
      if (others.some((other) => other.image.digest === image.digest)) continue
      const platform = server.platform && { platform: server.platform }
      found.set(name, [...others, { image: { ...image, ...platform }, documents }])
    }
  return found
}

/** One image, or an index over those of several platforms. `name` is the index's in the store. */
async function sendTogether(
  request: BuiltPublish,
  target: Target,
  name: string,
  images: readonly Said[],
): Promise<Published> {
  const { store, tags } = request
  const referrers = await attachmentsOf(store, images)
  const root = await rootOf(
    store,
    name,
    images.map(({ image }) => image),
  )
  const signed = images.map(signedOf)
  const all = images.length > 1 ? [...signed, signedOf({ image: root, documents: [] })] : signed
  return send(request, target, root, tags, referrers, all)
}

async function send(
  request: BuiltPublish,
  target: Target,
  root: Descriptor,
  tags: readonly string[],
  referrers: readonly Referrer[],
  signed: readonly Signed[],
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
    beforeTags: () => sign(request, target, signed),
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

async function prepareAll(request: BuiltPublish): Promise<PreparedImage[]> {
  const { store, built, isUnverified, sbom, login, resolveSecret, context } = request
  const { environment, signal, progress, stderr } = context
  // The registry is asked later whether it wants one at all.
  const known = await login().catch(() => undefined)
  const prepared: PreparedImage[] = []
  for (const image of built) {
    progress.step(`list and scan ${image.report.image}`)
    const onNotice = (text: string) => stderr(`ingot: ${text}\n`)
    const options = { store, isUnverified, sbom, environment, signal, login: known, resolveSecret, onNotice }
    prepared.push(await prepareImage(image, options))
  }
  return prepared
}

/** An image with what is said of it. */
interface Said {
  image: Descriptor
  documents: readonly ImageDocument[]
}

async function attachmentsOf(store: Store, images: readonly Said[]): Promise<Referrer[]> {
  const lists = await Promise.all(
    images.map(async ({ image, documents }) => {
      const manifests = await storeAttachments(store, documents, image)
      return manifests.map((manifest) => ({ subject: image.digest, manifest }))
    }),
  )
  return lists.flat()
}

async function sign(request: BuiltPublish, target: Target, signed: readonly Signed[]): Promise<void> {
  const { signer, login, context } = request
  if (signer === undefined) return
  const { environment, progress, signal } = context
  progress.step(`sign ${signed.length === 1 ? signed[0]?.digest : `${signed.length} digests`}`)
  await signImages(signed, { target, signer, login: await login(), environment, signal })
}

function signedOf({ image, documents }: Said): Signed {
  return { digest: image.digest, documents }
}
