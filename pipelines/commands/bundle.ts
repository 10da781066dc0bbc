import { resolve } from 'node:path'
import { formatBytes } from '../../lib/bytes.ts'
import { bundleContents } from '../bundle/built.ts'
import { type Bundled, type BundleRequest, writeBundle } from '../bundle/bundle.ts'
import { type EarlierBundle, readEarlier } from '../bundle/earlier.ts'
import { type BuiltImage, findBuilt, requireVerified } from '../catalogue/built-image.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { fetchForeign } from '../image-reader/fetch-blobs.ts'
import { type PreparedImage, prepareImages } from '../outgoing/prepare.ts'
import { type Sign, signedList, withSigning } from '../outgoing/signatures.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { withEngine } from './engine.ts'
import { signerOf } from './signer.ts'
import { bundleTable } from './tables/bundle.ts'

export const bundleCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, bundleTable)
  const partBytes = values['part-size']
  const earlier = values.since === undefined ? undefined : await readEarlier(values.since)
  const { environment, settings } = context
  const signer = await signerOf('bundle', values, environment)
  const store = await openStore(settings.storeFolder)
  try {
    const built = await Promise.all(positionals.map((file) => findBuilt(file, store, settings)))
    for (const image of built) requireVerified(image, values.unverified, 'bundle')
    const folder = resolve(values.to)
    // A key that cannot be read is told before minutes go into lists and scans.
    const bundled = await withSigning(store, signer, context, async (sign) => {
      const prepared = await prepareAll(built, store, values, context)
      return bundle(store, prepared, sign, { folder, partBytes, earlier }, context)
    })
    const text = bundledText(folder, bundled, signer !== undefined)
    context.stdout(values.json ? `${JSON.stringify(bundled, null, 2)}\n` : text)
    return 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

/** Every image is listed and scanned before a byte is written. */
function prepareAll(
  built: readonly BuiltImage[],
  store: Store,
  { unverified, sbom }: { unverified: boolean; sbom: boolean },
  context: CommandContext,
): Promise<PreparedImage[]> {
  const { environment, settings, signal, progress, stderr } = context
  const notices = new Set<string>()
  return withEngine(context, async (engine) => {
    const request = {
      store,
      isUnverified: unverified,
      sbom: sbom ? ('required' as const) : ('if-possible' as const),
      environment,
      workflowRun: settings.workflowRun,
      signal,
      resolveSecret: daggerSecrets(() => engine.client()),
      onNotice: (text: string) => void notices.add(text),
    }
    const prepared = await prepareImages(built, request, progress)
    for (const notice of notices) stderr(`ingot: ${notice}\n`)
    return prepared
  })
}

type Written = Pick<BundleRequest, 'folder'> & {
  partBytes: number | undefined
  earlier: EarlierBundle | undefined
}

async function bundle(
  store: Store,
  prepared: readonly PreparedImage[],
  sign: Sign | undefined,
  { folder, partBytes, earlier }: Written,
  { environment, signal, progress }: CommandContext,
): Promise<Bundled> {
  if (sign !== undefined) progress.step(`sign what is known of ${countText(prepared.length)}`)
  const contents = await bundleContents(store, prepared, sign)
  // Weights that a build left in a registry have to be carried as well.
  await fetchForeign(
    store,
    contents.blobs.map(({ sha256 }) => `sha256:${sha256}` as const),
    { environment, signal, onProgress: (done, total) => progress.bytes('fetch', done, total) },
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

function bundledText(
  folder: string,
  { files, sizeBytes, parts, takenBytes, seal }: Bundled,
  isSigned: boolean,
): string {
  return [
    `${files} files, ${formatBytes(sizeBytes)}${parts > 0 ? ` in ${parts} parts` : ''}${takenBytes > 0 ? `; ${formatBytes(takenBytes)} are in the earlier bundle` : ''}`,
    `at the site: sh verify.sh must print ${seal}`,
    ...(isSigned ? ['or, with the public key there: sh verify.sh --key KEY.pub checks the signatures'] : []),
    folder,
    '',
  ].join('\n')
}

function countText(count: number): string {
  return count === 1 ? '1 image' : `${count} images`
}
