import type { ImageVerdict, Report } from '../../images/report/report.ts'
import { formatBytes } from '../../lib/bytes.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { isRecipeFile } from '../catalogue/find-image.ts'
import { listReports, reportKind } from '../catalogue/report-record.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { StageError } from '../error.ts'
import { loadRecipe } from '../lock/recipe-files.ts'
import type { Settings } from '../settings/settings.ts'
import { collectGarbage, type GarbageCollection, type RecordName } from '../store/garbage.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { type IndexEntry, listReferences, resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { pruneTable } from './tables/prune.ts'

export const pruneCommand: Command = { run }

const dayMs = 86_400_000

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, pruneTable)
  const days = values['unused-for']
  const store = await openStore(context.settings.storeFolder)
  try {
    const wanted = await wantedImages(store, positionals, context.settings)
    const known = await listReports(store)
    const recordsForMs = days * dayMs
    const { records, ...collected } = await prune(store, wanted, recordsForMs, values['dry-run'])
    const reports = lostReports(known, records, { wanted, days, left: await leftNames(store, wanted) })
    const images = [...wanted.names, ...wanted.digests]
    const found = { images, reports, ...collected, dryRun: values['dry-run'] }
    context.stdout(values.json ? `${JSON.stringify(found, null, 2)}\n` : pruneText(found))
    return 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

/** What a person wants to be rid of: names, and images by digest, which may have no name. */
interface PruneTargets {
  names: Set<string>
  digests: Set<Digest>
}

/**
 * Recipes, digests, and names as `ingot list` prints them; `NAME` stands for `NAME:latest` and its weights. Throws `no-image`
 * for others, and what `loadRecipe` throws.
 */
async function wantedImages(
  store: Store,
  texts: readonly string[],
  settings: Pick<Settings, 'locksFolder'>,
): Promise<PruneTargets> {
  const references = await listReferences(store)
  const reports = await listReports(store)
  const wanted: PruneTargets = { names: new Set(), digests: new Set() }
  for (const text of texts) {
    const one = isRecipeFile(text) ? (await loadRecipe(text, settings)).recipe.name : text
    const companions = ['', '-weights', '-modelpack', '-modelcar'].map((suffix) => `${one}${suffix}:latest`)
    const matching = references.filter(
      ({ name, descriptor }) =>
        descriptor.digest === one || (name !== undefined && (name === one || companions.includes(name))),
    )
    for (const { name } of matching) if (name !== undefined) wanted.names.add(name)
    const isKnown = isDigest(one) && (await resolveReference(store, one)) !== undefined
    if (isDigest(one) && (isKnown || reports.some(({ image }) => image === one))) wanted.digests.add(one)
    else if (matching.length === 0)
      throw noImage(
        text,
        references.flatMap(({ name }) => name ?? []),
      )
  }
  return wanted
}

async function prune(
  store: Store,
  { names, digests }: PruneTargets,
  recordsForMs: number,
  dryRun: boolean,
): Promise<GarbageCollection> {
  const drop = ({ name, descriptor }: IndexEntry) =>
    name === undefined ? digests.has(descriptor.digest) : names.has(name)
  return collectGarbage(store, { recordsForMs, drop, forget: digests, dryRun })
}

interface LostReport {
  name: string
  image: Digest
  verdict: ImageVerdict
  why: string
}

/** What was judged and is no more in the store, so that nobody takes it for verified later. */
function lostReports(
  known: readonly Report[],
  removed: readonly RecordName[],
  { wanted, days, left }: { wanted: PruneTargets; days: number; left: ReadonlySet<string> },
): LostReport[] {
  const lost = new Set(removed.flatMap(({ kind, key }) => (kind === reportKind.name ? [key] : [])))
  return known
    .filter(({ plan }) => lost.has(plan))
    .map(({ name, image, verdict }) => {
      const full = `${name}:latest`
      if (wanted.digests.has(image))
        return { name, image, verdict, why: 'its digest was given to this command' }
      if (wanted.names.has(full)) return { name, image, verdict, why: 'its name was given to this command' }
      const why = left.has(full)
        ? `${full} is another image now, and no build used this one for ${days} days`
        : `no name points at it and no build used it for ${days} days; \`ingot build\` of its recipe before a prune gives it its name`
      return { name, image, verdict, why }
    })
}

async function leftNames(store: Store, { names: dropped }: PruneTargets): Promise<Set<string>> {
  const names = (await listReferences(store)).flatMap(({ name }) => name ?? [])
  return new Set(names.filter((name) => !dropped.has(name)))
}

function pruneText({
  images,
  reports,
  removed,
  freedBytes,
  dryRun,
}: Omit<GarbageCollection, 'records'> & { images: string[]; reports: LostReport[]; dryRun: boolean }) {
  const verb = dryRun ? 'would free' : 'freed'
  return [
    ...images.map((name) => `${dryRun ? 'would remove' : 'removed'} the image ${name}`),
    ...reports.map(
      ({ name, image, verdict, why }) =>
        `${dryRun ? 'would lose' : 'lost'} ${name} ${image}, judged "${verdict}", with its report: ${why}`,
    ),
    ...removed
      .filter(({ sizeBytes }) => sizeBytes >= 1_000_000)
      .map(({ digest, sizeBytes }) => `  ${formatBytes(sizeBytes).padStart(9)}  ${digest}`),
    `${verb} ${formatBytes(freedBytes)} in ${removed.length} blobs`,
    '',
  ].join('\n')
}

function noImage(name: string, known: readonly string[]): StageError {
  return new StageError('no-image', {
    attempted: `remove the image ${name}`,
    found: known.length === 0 ? 'the store holds no image' : `the store holds ${known.join(', ')}`,
    hint: 'take a name from `ingot list`',
  })
}
