import type { OriginalImage } from '../catalogue/built-image.ts'
import { fetchForeign } from '../image-reader/fetch-blobs.ts'
import type { RegistrySettings } from '../image-reader/registry.ts'
import type { Signer } from '../outgoing/cosign.ts'
import { type PreparedImage, type PrepareRequest, prepareImages } from '../outgoing/prepare.ts'
import { type StatementSigner, signedList, withSigning } from '../outgoing/signatures.ts'
import type { Run } from '../process/run.ts'
import type { Settings } from '../settings/settings.ts'
import type { Store } from '../store/store.ts'
import { bundleContents } from './built.ts'
import { type BundleRequest, type BundleSummary, writeBundle } from './bundle.ts'

export interface BuiltBundleRequest extends Pick<BundleRequest, 'folder' | 'partBytes' | 'earlier'> {
  store: Store
  built: readonly OriginalImage[]
  isUnverified: boolean
  /** What to do where no SBOM can be made. */
  sbom: PrepareRequest['sbom']
  /** Signs images and lists; unsigned when absent. */
  signer?: Signer | undefined
  /** Reads secrets that only Dagger's providers do. */
  resolveSecret?: PrepareRequest['resolveSecret']
  context: Run & {
    settings: RegistrySettings & Pick<Settings, 'hub' | 'workflowRun'>
    stderr(text: string): void
  }
}

/**
 * Carries what recipes became into a folder. Every image is listed and scanned before a byte is written. Throws as
 * `prepareImages`, `bundleContents` and `writeBundle` do.
 */
export async function bundleBuilt(request: BuiltBundleRequest): Promise<BundleSummary> {
  const { store, signer, context } = request
  // A key that cannot be read is told before minutes go into lists and scans.
  return withSigning(store, signer, context, async (sign) => {
    const prepared = await prepareAll(request)
    return carry(request, prepared, sign)
  })
}

async function prepareAll(request: BuiltBundleRequest): Promise<PreparedImage[]> {
  const { store, built, isUnverified, sbom, resolveSecret, context } = request
  const { settings, signal, progress, stderr } = context
  const { workflowRun } = settings
  const notices = new Set<string>()
  const onNotice = (text: string) => void notices.add(text)
  const shared = { store, settings, signal, resolveSecret, onNotice }
  const options = { ...shared, isUnverified, workflowRun, sbom }
  const prepared = await prepareImages(built, options, progress)
  for (const notice of notices) stderr(`ingot: ${notice}\n`)
  return prepared
}

async function carry(
  { store, folder, partBytes, earlier, context }: BuiltBundleRequest,
  prepared: readonly PreparedImage[],
  sign: StatementSigner | undefined,
): Promise<BundleSummary> {
  const { settings, signal, progress } = context
  if (sign !== undefined) progress.step(`sign what is known of ${countText(prepared.length)}`)
  const contents = await bundleContents(store, prepared, sign)
  // Weights that a build left in a registry have to be carried as well.
  await fetchForeign(
    store,
    contents.blobs.map(({ sha256 }) => `sha256:${sha256}` as const),
    { settings, signal, onProgress: (done, total) => progress.bytes('fetch', done, total) },
  )
  progress.step(`bundle ${countText(contents.images.length)} into ${folder}`)
  return writeBundle({
    folder,
    ...contents,
    progress,
    ...(sign !== undefined && { sign: (list) => signedList(store, sign, list) }),
    ...(partBytes !== undefined && { partBytes }),
    ...(earlier !== undefined && { earlier }),
  })
}

function countText(count: number): string {
  return count === 1 ? '1 image' : `${count} images`
}
