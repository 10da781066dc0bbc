import { createReadStream } from 'node:fs'
import picomatch from 'picomatch'
import { z } from 'zod'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { SecretFinding } from '../../images/report/scan-result.ts'
import { type TarSegment, tarSegments, type WeightLayer } from '../../images/weights/layers.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { type KnownSecret, masked } from '../../lib/known-secrets.ts'
import { withoutTokens } from '../../lib/token-forms.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { isSecretFile } from '../../recipes/secret-files.ts'
import { blobPath, statBlob } from '../store/blobs.ts'
import { readRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { openWeights } from '../weights/inventory.ts'
import type { SourceContext } from '../weights/source.ts'
import { type ContentFinding, findingsIn, searchContent } from './content.ts'

/** Larger files are tensors: texts of a model, its vocabulary included, have less. */
export const mostSearchedBytes = 32 * 1024 ** 2

/** What a search of small files of weights saw. */
export interface WeightsSearch {
  secrets: SecretFinding[]
  /** Findings by form that the recipe's policy excuses. */
  excused: string[]
  files: number
}

type SearchedPlan = Pick<ImagePlan, 'policy'> & {
  weights: Pick<ImagePlan['weights'], 'layers' | 'modelFolder'>
}

/**
 * Searches the small files of a folder before any of them is packed; files of other sources are searched in the store. Throws
 * WeightsError for a file that cannot be read.
 */
export async function searchFolder(
  plan: SearchedPlan,
  weights: LockedWeights,
  secrets: readonly KnownSecret[],
  context: SourceContext,
): Promise<WeightsSearch> {
  const seen: WeightsSearch = { secrets: [], excused: [], files: 0 }
  if (weights.source.type !== 'folder') return seen
  const source = await openWeights(weights, context)
  try {
    for (const file of weights.files.filter(({ sizeBytes }) => sizeBytes <= mostSearchedBytes))
      await search(
        seen,
        plan,
        { path: `${plan.weights.modelFolder}/${file.path}`, bytes: source.read(file, 0) },
        secrets,
      )
  } finally {
    await source.close()
  }
  return seen
}

/**
 * Searches the small files of the layers of weights that the store has. Layers that only a registry has are passed over.
 * `known` are the layers of the image in the order of the plan, for a store whose own records of them are gone.
 */
export async function searchWeightLayers(
  store: Store,
  plan: SearchedPlan,
  secrets: readonly KnownSecret[],
  known: readonly Digest[] = [],
): Promise<WeightsSearch> {
  const seen: WeightsSearch = { secrets: [], excused: [], files: 0 }
  for (const [index, layer] of plan.weights.layers.entries()) {
    const digest = (await digestOfLayer(store, layer)) ?? (await ifSized(store, layer, known[index]))
    if (digest === undefined) continue
    for (const { path, start, sizeBytes } of smallFiles(layer)) {
      const end = start + sizeBytes - 1
      const bytes = sizeBytes === 0 ? [] : createReadStream(blobPath(store, digest), { start, end })
      await search(seen, plan, { path, bytes }, secrets)
    }
  }
  return seen
}

interface SearchedFile {
  path: string
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

async function search(
  seen: WeightsSearch,
  { policy }: SearchedPlan,
  { path, bytes }: SearchedFile,
  secrets: readonly KnownSecret[],
): Promise<void> {
  seen.files += 1
  const inContent = searchContent(secrets)
  const found: ContentFinding[] = findingsIn(path, secrets)
  if (isSecretFile(path)) found.push({ of: 'form', what: 'a file in which programs keep secrets' })
  for await (const piece of bytes) found.push(...inContent(piece))
  const isAllowed = picomatch(policy.allowSecrets, { dot: true })
  for (const { of, what } of found)
    if (of === 'form' && isAllowed(path)) seen.excused.push(`${path} ${what}`)
    else seen.secrets.push({ where: withoutTokens(masked(path, secrets)), what })
}

/** Where the small files of a layer lie in its tar, which is known before a byte of it was read. */
function smallFiles(layer: WeightLayer): { path: string; start: number; sizeBytes: number }[] {
  const paths = layer.entries.filter((entry) => entry.type === 'file').map((entry) => `/${entry.path}`)
  const found: { path: string; start: number; sizeBytes: number }[] = []
  let start = 0
  let index = 0
  for (const segment of tarSegments(layer)) {
    if (isFile(segment)) {
      const path = paths[index] ?? segment.file.path
      index += 1
      if (segment.sizeBytes <= mostSearchedBytes) found.push({ path, start, sizeBytes: segment.sizeBytes })
    }
    start += segment.sizeBytes
  }
  return found
}

function isFile(segment: TarSegment): segment is TarSegment & { type: 'file' } {
  return segment.type === 'file'
}

const recordSchema = z.object({
  digest: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value)),
})

async function digestOfLayer(store: Store, { key, sizeBytes }: WeightLayer): Promise<Digest | undefined> {
  const { data } = recordSchema.safeParse(await readRecord(store, 'weight-layer', key))
  return ifSized(store, { sizeBytes }, data?.digest)
}

async function ifSized(
  store: Store,
  { sizeBytes }: Pick<WeightLayer, 'sizeBytes'>,
  digest: Digest | undefined,
): Promise<Digest | undefined> {
  return digest !== undefined && (await statBlob(store, digest)) === sizeBytes ? digest : undefined
}
