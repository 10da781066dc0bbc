import type { Report, Verdict } from '../../images/report/report.ts'
import { formatBytes } from '../../lib/bytes.ts'
import type { Digest } from '../../lib/digest.ts'
import { listReports, reportKind } from '../catalogue/report-record.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { StageError } from '../error.ts'
import { type Collected, collectGarbage, type RecordName } from '../store/garbage.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { listReferences, type Reference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { pruneTable } from './tables/prune.ts'

export const pruneCommand: Command = { run }

const dayMs = 86_400_000

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, pruneTable)
  const days = values['unused-for']
  const store = await openStore(context.settings.storeFolder)
  try {
    const names = await namesOf(store, positionals)
    const known = await listReports(store)
    const { records, ...collected } = await prune(store, names, days * dayMs, values['dry-run'])
    const reports = lostReports(known, records, { names, days, left: await leftNames(store, names) })
    const found = { images: [...names], reports, ...collected, dryRun: values['dry-run'] }
    context.stdout(values.json ? `${JSON.stringify(found, null, 2)}\n` : pruneText(found))
    return 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

/** Names as `ingot list` prints them; `NAME` stands for `NAME:latest` and its weights. Throws `no-image` for others. */
async function namesOf(store: Store, wanted: readonly string[]): Promise<Set<string>> {
  const known = (await listReferences(store)).flatMap(({ name }) => name ?? [])
  const found = new Set<string>()
  for (const one of wanted) {
    const companions = ['', '-weights', '-modelpack', '-modelcar'].map((suffix) => `${one}${suffix}:latest`)
    const matching = known.filter((name) => name === one || companions.includes(name))
    if (matching.length === 0) throw noImage(one, known)
    for (const name of matching) found.add(name)
  }
  return found
}

async function prune(
  store: Store,
  names: ReadonlySet<string>,
  recordsForMs: number,
  dryRun: boolean,
): Promise<Collected> {
  const drop = ({ name }: Reference) => name !== undefined && names.has(name)
  return collectGarbage(store, { recordsForMs, drop, dryRun })
}

interface LostReport {
  name: string
  image: Digest
  verdict: Verdict
  why: string
}

/** What was judged and is no more in the store, so that nobody takes it for verified later. */
function lostReports(
  known: readonly Report[],
  removed: readonly RecordName[],
  { names, days, left }: { names: ReadonlySet<string>; days: number; left: ReadonlySet<string> },
): LostReport[] {
  const lost = new Set(removed.flatMap(({ kind, key }) => (kind === reportKind ? [key] : [])))
  return known
    .filter(({ plan }) => lost.has(plan))
    .map(({ name, image, verdict }) => {
      const full = `${name}:latest`
      if (names.has(full)) return { name, image, verdict, why: 'its name was given to this command' }
      const why = left.has(full)
        ? `${full} is another image now, and no build used this one for ${days} days`
        : `no name points at it and no build used it for ${days} days; \`ingot build\` of its recipe before a prune gives it its name`
      return { name, image, verdict, why }
    })
}

async function leftNames(store: Store, dropped: ReadonlySet<string>): Promise<Set<string>> {
  const names = (await listReferences(store)).flatMap(({ name }) => name ?? [])
  return new Set(names.filter((name) => !dropped.has(name)))
}

function pruneText({
  images,
  reports,
  removed,
  freedBytes,
  dryRun,
}: Omit<Collected, 'records'> & { images: string[]; reports: LostReport[]; dryRun: boolean }) {
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
