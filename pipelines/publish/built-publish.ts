import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import type { OriginalImage } from '../catalogue/built-image.ts'
import type { RegistrySettings } from '../image-reader/registry.ts'
import type { Connection } from '../network/connection.ts'
import type { Login } from '../network/login.ts'
import { storeAttachments } from '../outgoing/attachments.ts'
import { attest, type DocumentedImage, signModels } from '../outgoing/attestations.ts'
import type { Signer } from '../outgoing/cosign.ts'
import { type PreparedImage, type PrepareRequest, prepareImages } from '../outgoing/prepare.ts'
import { type StatementSigner, withSigning } from '../outgoing/signatures.ts'
import type { Run } from '../process/run.ts'
import { rememberPlaces, repositoriesOf } from '../registry-client/places.ts'
import type { PushTarget } from '../registry-client/reference.ts'
import { openSession } from '../registry-client/session.ts'
import type { Settings } from '../settings/settings.ts'
import { reachableBlobs } from '../store/closure.ts'
import type { Store } from '../store/store.ts'
import { type Publication, publishImage, type Referrer } from './publish.ts'
import { publishedRoot } from './root.ts'

export interface BuiltPublishRequest {
  store: Store
  connection: Connection
  target: PushTarget
  tags: string[]
  built: readonly OriginalImage[]
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
  context: Run & {
    settings: RegistrySettings & Pick<Settings, 'hub' | 'workflowRun'>
    stderr(text: string): void
  }
}

/**
 * Publishes what recipes became: one image, or an index over several platforms, with what is known about each. Weights that
 * are an image of their own go first, so that no server can be started that waits for them in vain.
 */
export async function publishBuilt(
  request: BuiltPublishRequest,
): Promise<Publication & { companions: Publication[] }> {
  const { store, signer, context } = request
  // A key that cannot be read is told before minutes go into lists and scans.
  return withSigning(store, signer, context, async (sign) => {
    const prepared = await prepareAll(request)
    return publishAll({ ...request, sign }, prepared)
  })
}

interface Signing extends BuiltPublishRequest {
  sign: StatementSigner | undefined
}

async function publishAll(
  request: Signing,
  prepared: readonly PreparedImage[],
): Promise<Publication & { companions: Publication[] }> {
  const { target, hasAttachments } = request
  const said = (
    name: string,
    { image, documents, models = [] }: Omit<DocumentedImage, 'name'>,
  ): DocumentedImage => ({
    ...{ name, image },
    ...(hasAttachments ? { documents, models } : { documents: [] }),
  })
  const name = prepared.map(({ built }) => built.plan.name).join('.')
  const companions: Publication[] = []
  for (const [kind, images] of companionsByName(prepared)) {
    const place = { ...target, name: `${target.name}-${kind}` }
    const full = `${name}-${kind}`
    companions.push(
      await sendTogether(
        request,
        place,
        full,
        images.map((image) => said(full, image)),
      ),
    )
  }
  const servers = prepared.map((image) => said(image.built.plan.name, image))
  return { ...(await sendTogether(request, target, name, servers)), companions }
}

/** What stands beside each platform's server; the same image for several of them counts once. */
function companionsByName(prepared: readonly PreparedImage[]): Map<string, Omit<DocumentedImage, 'name'>[]> {
  const found = new Map<string, Omit<DocumentedImage, 'name'>[]>()
  for (const { image: server, companions, models } of prepared)
    for (const { name, image, documents } of companions) {
      const others = found.get(name) ?? []
      if (others.some((other) => other.image.digest === image.digest)) continue
      const platform = server.platform && { platform: server.platform }
      found.set(name, [...others, { image: { ...image, ...platform }, documents, models }])
    }
  return found
}

/** One image, or an index over those of several platforms. `name` is the index's in the store. */
async function sendTogether(
  request: Signing,
  target: PushTarget,
  name: string,
  images: readonly DocumentedImage[],
): Promise<Publication> {
  const { store, sign, context } = request
  const root = await publishedRoot(
    store,
    name,
    images.map(({ image }) => image),
  )
  const all = images.length > 1 ? [...images, { name, image: root, documents: [] }] : images
  if (sign !== undefined) context.progress.step(`sign ${all.map(({ image }) => image.digest).join(', ')}`)
  const referrers: Referrer[] = []
  for (const said of all) {
    const attached = await storeAttachments(store, said.documents, said.image)
    const attested = sign === undefined ? [] : await attest(store, said, sign)
    const models = sign === undefined ? [] : await signModels(store, said, sign)
    const manifests = [...attached, ...[...attested, ...models].map(({ manifest }) => manifest)]
    referrers.push(...manifests.map((manifest) => ({ subject: said.image.digest, manifest })))
  }
  return send(request, target, root, referrers)
}

async function send(
  request: BuiltPublishRequest,
  target: PushTarget,
  root: Descriptor,
  referrers: readonly Referrer[],
): Promise<Publication> {
  const { store, connection, tags, context, login, chunkBytes, parallel } = request
  const { progress, signal } = context
  progress.step(`publish ${root.digest} to ${target.host}/${target.name}`)
  const sources = await sourcesFor(request, target, root)
  // A token that may read the sources has to be asked for before the first of them is used.
  const mountable = [...new Set([...sources.values()].flat())]
  const session = openSession(target, { fetch: connection.fetch, login, mountFrom: mountable, signal })
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
  { store, mountFrom }: BuiltPublishRequest,
  target: PushTarget,
  root: Descriptor,
): Promise<Map<Digest, readonly string[]>> {
  const { blobs } = await reachableBlobs(store, root)
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

async function prepareAll(request: BuiltPublishRequest): Promise<PreparedImage[]> {
  const { store, built, isUnverified, sbom, login, resolveSecret, context } = request
  const { settings, signal, progress, stderr } = context
  const { workflowRun } = settings
  // The registry is asked later whether it wants one at all.
  const known = await login().catch(() => undefined)
  const onNotice = (text: string) => stderr(`ingot: ${text}\n`)
  const shared = { store, settings, signal, login: known, resolveSecret, onNotice }
  const options = { ...shared, isUnverified, workflowRun, sbom }
  return prepareImages(built, options, progress)
}
