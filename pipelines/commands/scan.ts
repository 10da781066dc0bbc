import type { ScanReport } from '../../images/report/scan-result.ts'
import { scanText } from '../../images/report/scan-result.ts'
import { type OriginalImage, requireOrigin } from '../catalogue/built-image.ts'
import { companionsOf } from '../catalogue/companions.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { documentsOf } from '../outgoing/documents.ts'
import { openRescan } from '../outgoing/rescan.ts'
import { daggerSecrets } from '../process/secrets.ts'
import type { LazyEngine } from '../process/session.ts'
import { requireIntact } from '../store/damage.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { withEngine } from './engine.ts'
import { scanTable } from './tables/scan.ts'

export const scanCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, scanTable)
  const { settings, stdout } = context
  const store = await openStore(settings.storeFolder)
  try {
    const found = await findImage(positionals[0] ?? '', store, { settings, act: 'scan' })
    const built = requireOrigin(found, 'scan')
    const { scan, companions } = await withEngine(context, (engine) => scanAll(store, built, engine, context))
    const others = Object.entries(companions)
    if (values.json)
      stdout(`${JSON.stringify({ ...scan, ...(others.length > 0 && { companions }) }, null, 2)}\n`)
    else {
      stdout(`${scanText(scan).join('\n')}\n`)
      for (const [name, seen] of others) stdout(`${name}: ${scanText(seen).join('\n')}\n`)
    }
    return 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

interface ScanResults {
  scan: ScanReport
  /** Those with programs of their own, by name. */
  companions: Record<string, ScanReport>
}

async function scanAll(
  store: Store,
  built: OriginalImage,
  engine: LazyEngine,
  { settings, signal, progress, stderr }: CommandContext,
): Promise<ScanResults> {
  const rescan = await openRescan(built, {
    store,
    settings,
    signal,
    resolveSecret: daggerSecrets(() => engine.client()),
    onNotice: (text) => stderr(`ingot: ${text}\n`),
  })
  progress.step(`scan ${built.report.image}`)
  const scan = await rescan.image(
    documentsOf(built, { isUnverified: false, workflowRun: settings.workflowRun }),
  )
  const companions: Record<string, ScanReport> = {}
  const beside = await companionsOf(store, built)
  // Weights are not searched, but nothing is said of images whose bytes are not theirs.
  await requireIntact(
    store,
    beside.map(({ image }) => image.digest),
    { by: 'stamp', signal },
  )
  for (const companion of beside) {
    const seen = await rescan.companion(companion, [])
    if (seen) companions[`${built.plan.name}-${companion.name}`] = seen
  }
  return { scan, companions }
}
