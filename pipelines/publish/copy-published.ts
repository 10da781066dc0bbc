import { z } from 'zod'
import { documentTypes } from '../../images/oci/document-types.ts'
import { labelNames } from '../../images/oci/label-names.ts'
import type { Descriptor } from '../../images/oci/oci.ts'
import { StageError } from '../error.ts'
import { fetchForeign } from '../image-reader/fetch-blobs.ts'
import type { RegistrySettings } from '../image-reader/registry.ts'
import { readAnswer } from '../network/answer.ts'
import type { Connection } from '../network/connection.ts'
import type { Login } from '../network/login.ts'
import type { Run } from '../process/run.ts'
import { openReader, readTextBlob } from '../registry-client/read.ts'
import { type PushTarget, type Reference, repositoryOf } from '../registry-client/reference.ts'
import { openSession, type RegistrySession } from '../registry-client/session.ts'
import { beginUpload, hasBlob } from '../registry-client/upload.ts'
import { statBlob } from '../store/blobs.ts'
import type { Store } from '../store/store.ts'
import { mapLimited } from '../weights/limit.ts'
import { type Publication, publishImage } from './publish.ts'
import { type PublishedTree, readPublished } from './published-tree.ts'

export interface CopyRequest {
  store: Store
  connection: Connection
  from: Reference
  target: PushTarget
  tags: readonly string[]
  /** Whether an image goes that no report beside it calls verified. */
  isUnverified: boolean
  mountFrom: readonly string[]
  chunkBytes?: number
  parallel?: number
  login(): Promise<Login | undefined>
  context: Run & { settings: RegistrySettings; stderr(text: string): void }
}

/**
 * Copies an image or an index with all that refers to it, and with what refers to that: documents, signatures, attestations. Only
 * blobs that the target lacks are read, through the store, which hashes them. Tags come last. Throws `not-verified`, and what
 * reading and publishing throw.
 */
export async function copyPublished(request: CopyRequest): Promise<Publication> {
  const { store, connection, from, target, tags, isUnverified, context, login } = request
  const { settings, signal, progress, stderr } = context
  const { fetch } = connection
  const source = openReader(from, { fetch, settings, signal })
  progress.step(`read what ${repositoryOf(from)} has of ${from.version}`)
  const tree = await readPublished(source, store, from.version)
  if (!isUnverified) for (const image of tree.images) await requireReport(source, tree, image)
  for (const line of await besideIt(source, tree, from)) stderr(`ingot: ${line}\n`)
  const near = from.host === target.host ? [from.name] : []
  const mountFrom = [...request.mountFrom, ...near]
  const session = openSession(target, { fetch, login, mountFrom, signal })
  await bringMissing(session, tree, { ...request, mountFrom })
  progress.step(`publish ${tree.root.digest} to ${target.host}/${target.name}`)
  const { chunkBytes, parallel } = request
  return publishImage({
    ...{ store, session, root: tree.root, tags, referrers: tree.referrers },
    onProgress: (done, total) => progress.bytes('upload', done, total),
    ...(chunkBytes !== undefined && { chunkBytes }),
    ...(parallel !== undefined && { parallel }),
  })
}

const atOnce = 4

/** Blobs that neither the target nor the store has, as far as no repository of the target's host gives them. */
async function bringMissing(
  session: RegistrySession,
  { blobs }: PublishedTree,
  { store, mountFrom, context }: CopyRequest,
): Promise<void> {
  const { settings, signal, progress } = context
  const wanted = await mapLimited(
    blobs,
    atOnce,
    async ({ digest }, own) => {
      const isThere = await isAt(session.within(own), digest, mountFrom)
      return isThere || (await statBlob(store, digest)) !== undefined ? [] : [digest]
    },
    signal,
  )
  const onProgress = (done: number, total: number) => progress.bytes('fetch', done, total)
  await fetchForeign(store, wanted.flat(), { settings, signal, onProgress })
}

async function isAt(
  session: RegistrySession,
  digest: Descriptor['digest'],
  mountFrom: readonly string[],
): Promise<boolean> {
  if (await hasBlob(session, digest)) return true
  for (const from of mountFrom)
    if ((await beginUpload(session, { mount: digest, from })) === 'created') return true
  return false
}

const reportSchema = z.object({ verdict: z.string(), image: z.string() })

/** Throws `not-verified` unless a report beside the image says that a boot verified it. */
async function requireReport(source: RegistrySession, tree: PublishedTree, image: Descriptor): Promise<void> {
  const reports = tree.referrers.filter(
    ({ subject, manifest }) => subject === image.digest && manifest.artifactType === documentTypes.report,
  )
  const layers = reports.flatMap(({ manifest }) => tree.layersOf(manifest.digest))
  for (const layer of layers.filter(({ mediaType }) => mediaType === documentTypes.report)) {
    const report = await readDocument(source, layer, reportSchema)
    if (report?.image === image.digest && report.verdict === 'verified') return
  }
  throw new StageError('not-verified', {
    attempted: `copy ${repositoryOf(source.target)}@${image.digest}`,
    found: layers.length === 0 ? 'no report lies beside it' : 'its report does not call it verified',
    hint: 'publish it from the store that built it; a copy by `crane copy` has lost its reports. --unverified copies it as it is, as weights and other images without a boot',
  })
}

/** Far above any report, and far below what a manifest may claim of a layer: it is read whole. */
const mostDocumentBytes = 64 * 1024 * 1024

/** A document of others; undefined for one that is none of this form. */
async function readDocument<Value>(
  source: RegistrySession,
  blob: Descriptor,
  schema: z.ZodType<Value>,
): Promise<Value | undefined> {
  if (blob.size > mostDocumentBytes) return undefined
  const answer = readAnswer(schema, { text: (await readTextBlob(source, blob)).text })
  return answer.ok ? answer.value : undefined
}

const configSchema = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).optional(),
})

/** What else a server needs that this repository does not have. */
async function besideIt(source: RegistrySession, tree: PublishedTree, from: Reference): Promise<string[]> {
  const [config] = tree.images.flatMap(({ digest }) => tree.configOf(digest) ?? [])
  if (config === undefined) return []
  const read = await readDocument(source, config, configSchema)
  if (read?.config?.Labels?.[labelNames.delivery] !== 'artifact') return []
  return [
    `its weights are an image of their own: copy ${repositoryOf(from)}-weights too, with --unverified, since nothing of them boots`,
  ]
}
