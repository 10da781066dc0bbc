import { gateLines } from '../../images/gate/result.ts'
import { stockPlanOf } from '../../images/gate/stock.ts'
import { planImage } from '../../images/plan/plan.ts'
import { type Report, reportJson } from '../../images/report/report.ts'
import { prettyJson } from '../../lib/json.ts'
import { buildImage } from '../build/build.ts'
import { keepReport } from '../catalogue/report-record.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { GateImage } from '../gate/boots.ts'
import { runGate } from '../gate/gate.ts'
import { requireSameFolder, withSameFolder } from '../lock/folder.ts'
import { loadLocked } from '../lock/locked-recipe.ts'
import { openTurns } from '../process/one-at-a-time.ts'
import { serveStore } from '../registry-server/server.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { type VerifyOptions, withRunner } from '../verify/run.ts'
import { findSubject } from '../verify/subject.ts'
import { withEngine } from './engine.ts'
import { gateTable } from './tables/gate.ts'
import { readRunnerOptions } from './verify.ts'

export const gateCommand: Command = { run }

/** 1 when something is worse than in stock, 3 when a part could not run here. */
const exitCodes = { passed: 0, failed: 1, incomplete: 3, 'not run': 3 } as const

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, gateTable)
  const chosen = readRunnerOptions('gate', values)
  const store = await openStore(context.settings.storeFolder)
  try {
    const report = await gated(positionals[0] ?? '', chosen, store, context)
    const lines = [...gateLines(report.gate), report.image, '']
    context.stdout(values.json ? prettyJson(reportJson(report)) : lines.join('\n'))
    return exitCodes[report.gate?.status ?? 'not run']
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

/** Builds what is not in the store yet, compares, and puts the result into the report of the slimmed image. */
async function gated(
  file: string,
  chosen: VerifyOptions,
  store: Store,
  context: CommandContext,
): Promise<Report> {
  const act = `compare the image of ${file} with its stock image`
  const locked = await loadLocked(file, context.settings, act)
  const { recipe, folder, lock } = locked
  await requireSameFolder(locked, { signal: context.signal })
  const plan = planImage(recipe, lock)
  return withEngine(context, async (engine) => {
    const shared = { ...context, store, engine: () => engine.client() }
    const { factory } = lock
    const building = { ...shared, recipeFolder: folder, verify: false, factory, boots: openTurns() }
    await withSameFolder(locked, shared, () => buildImage(plan, lock.weights, building))
    const subject = await findSubject(file, store, context.settings)
    const stock = async (): Promise<GateImage> => {
      const { image } = await buildImage(stockPlanOf(plan), lock.weights, building)
      // The weights are the same ones, and so is the image that carries them.
      return { image, mounts: subject.mounts }
    }
    const registry = await serveStore(store, {})
    try {
      const gate = await withRunner(subject, chosen, shared, async (runner) =>
        runGate(
          plan,
          { image: subject.report.image, mounts: subject.mounts },
          {
            client: await engine.client(),
            environment: context.environment,
            factory,
            registryPort: registry.port,
            runner,
            stock,
            cutLibraries: cutLibraries(subject.report),
            onStep: (text) => context.progress.step(text),
            signal: context.signal,
          },
        ),
      )
      const report: Report = { ...subject.report, gate }
      await keepReport(store, report)
      return report
    } finally {
      await registry.close()
    }
  })
}

function cutLibraries({ removals }: Report): string[] {
  const removal = removals.find(({ rule }) => rule === 'gpu-code')
  return (removal?.largest ?? []).map(({ path }) => path)
}
