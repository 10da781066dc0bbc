import {
  type BundledImage,
  bundleNames,
  byPath,
  earlierText,
  signaturePath,
  sumsText,
} from '../../images/oci/bundle.ts'
import type { Progress } from '../process/progress.ts'
import { type BundleEntry, frameEntries, textEntry } from './contents.ts'
import type { EarlierBundle } from './earlier.ts'
import { fillFolder, writeEntry, writeParts } from './files.ts'
import { tarOf } from './tar.ts'

export interface BundleRequest {
  folder: string
  images: readonly BundledImage[]
  /** Blobs of the images. */
  blobs: readonly BundleEntry[]
  /** What is said of them, and run files. */
  documents: readonly BundleEntry[]
  /** Cuts the bundle into files of this size. */
  partBytes?: number | undefined
  earlier?: EarlierBundle | undefined
  /** Signs a list of sums; the signature is carried beside it. */
  sign?: ((list: string) => Promise<string>) | undefined
  progress: Progress
}

export interface BundleSummary {
  /** sha256 of what `verify.sh` reads first: to be told to the site by another way than the medium. */
  seal: string
  files: number
  sizeBytes: number
  parts: number
  /** Bytes that the site has from the earlier bundle. */
  takenBytes: number
}

/** Writes a bundle. The same images and reports give the same bytes. Throws BundleError and StoreError. */
export async function writeBundle(request: BundleRequest): Promise<BundleSummary> {
  const { earlier, blobs, documents } = request
  const taken = blobs.filter(({ path }) => earlier?.paths.has(path))
  const whole = [...(await frameEntries(request.images)), ...blobs, ...documents]
  const carried = earlier === undefined ? whole : await differential(earlier, whole, taken, request.sign)
  const sums = await listEntries(bundleNames.sums, sumsText(carried), request.sign)
  const entries = byPath([...carried, ...sums])
  const totalBytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const onBytes = counter(request.progress, totalBytes)
  let done: Pick<BundleSummary, 'seal' | 'parts'> = { seal: sums[0].sha256, parts: 0 }
  await fillFolder(request.folder, async (part) => {
    if (request.partBytes === undefined) {
      for (const entry of entries) await writeEntry(part, entry, onBytes)
    } else done = await inParts(part, entries, { ...request, partBytes: request.partBytes, onBytes })
  })
  return {
    ...done,
    files: entries.length,
    sizeBytes: totalBytes,
    takenBytes: taken.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

/** What changed, what to take from the earlier bundle, and the sums of both together. */
async function differential(
  earlier: EarlierBundle,
  whole: readonly BundleEntry[],
  taken: readonly BundleEntry[],
  sign: BundleRequest['sign'],
): Promise<BundleEntry[]> {
  return [
    ...whole.filter((entry) => !taken.includes(entry)),
    ...(await listEntries(bundleNames.wholeSums, sumsText(whole), sign)),
    textEntry(bundleNames.earlier, earlierText(earlier.base, taken)),
  ]
}

/** One tar in parts; beside it what is needed before it can be opened. */
async function inParts(
  folder: string,
  entries: readonly BundleEntry[],
  {
    partBytes,
    sign,
    onBytes,
  }: Pick<BundleRequest, 'sign'> & {
    partBytes: number
    onBytes: (sizeBytes: number) => void
  },
): Promise<Pick<BundleSummary, 'seal' | 'parts'>> {
  const parts = await writeParts(folder, tarOf(entries), partBytes, onBytes)
  const outside = entries.filter(({ path }) => outsideNames.includes(path))
  // The list by which a later bundle can leave out what this one has.
  const sums =
    entries.find(({ path }) => path === bundleNames.wholeSums) ??
    entries.find(({ path }) => path === bundleNames.sums)
  const beside = [...outside, ...(sums ? [{ ...sums, path: bundleNames.wholeSums }] : [])]
  for (const entry of beside) await writeEntry(folder, entry, () => undefined)
  const list = await listEntries(bundleNames.parts, sumsText([...parts, ...beside]), sign)
  for (const entry of list) await writeEntry(folder, entry, () => undefined)
  return { seal: list[0].sha256, parts: parts.length }
}

/** A list of sums, with its signature beside it where there is a way to sign. */
async function listEntries(
  path: string,
  text: string,
  sign: BundleRequest['sign'],
): Promise<[BundleEntry, ...BundleEntry[]]> {
  const list = textEntry(path, text)
  return sign === undefined ? [list] : [list, textEntry(signaturePath(path), await sign(text))]
}

const outsideNames: readonly string[] = ['README.txt', 'verify.sh', 'load.sh', bundleNames.earlier]

/** Parts hold some bytes of tar headers more than the files have, which is no progress to tell. */
function counter(progress: Progress, totalBytes: number): (sizeBytes: number) => void {
  let doneBytes = 0
  return (sizeBytes) => {
    if (doneBytes >= totalBytes) return
    doneBytes += sizeBytes
    progress.bytes('bundle', Math.min(doneBytes, totalBytes), totalBytes)
  }
}
