import { deploymentOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { GateResult } from '../../images/gate/result.ts'
import { stockPlanOf } from '../../images/gate/stock.ts'
import { planImage } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { wholeWeights } from '../../recipes/pinned-parts.ts'
import { buildImage } from '../build/build.ts'
import { type OriginalImage, requireOrigin } from '../catalogue/built-image.ts'
import { findImage, isRecipeFile } from '../catalogue/find-image.ts'
import { keepReport } from '../catalogue/report-record.ts'
import { requireSameFolder, withSameFolder } from '../lock/folder.ts'
import { type LockedRecipe, loadLocked } from '../lock/locked-recipe.ts'
import { openTaskQueue } from '../process/one-at-a-time.ts'
import { serveStore } from '../registry-server/server.ts'
import type { Settings } from '../settings/settings.ts'
import { type VerifyOptions, type VerifyRun, withRunner } from '../verify/run.ts'
import { type Subject, subjectOf } from '../verify/subject.ts'
import type { SourceSettings } from '../weights/source.ts'
import type { GateImage } from './boots.ts'
import { runGate } from './gate.ts'

/** What boots both images. */
export type GateOptions = Omit<VerifyOptions, 'profile'>

export interface ImageGateContext extends VerifyRun {
  settings: SourceSettings & Pick<Settings, 'locksFolder'>
}

/**
 * Compares an image with the stock build of the same lock and puts the result into its report. The stock image is built
 * where the store does not have it, and of a recipe the slimmed one too. Throws as `findImage` and `buildImage` do, and
 * `no-recipe` for an image of which nobody knows what it was made from.
 */
export async function gateImage(
  text: string,
  options: GateOptions,
  context: ImageGateContext,
): Promise<Report> {
  const { store, settings } = context
  if (isRecipeFile(text)) await buildSlim(text, context)
  const found = await findImage(text, store, { settings, act: 'gate' })
  const image = requireOrigin(found, 'gate')
  const subject = await subjectOf(image, store)
  const gate = await compared(image, subject, options, context)
  const report: Report = { ...subject.report, gate }
  await keepReport(store, report)
  return report
}

async function buildSlim(file: string, context: ImageGateContext): Promise<void> {
  const act = `compare the image of ${file} with its stock image`
  const origin = await loadLocked(file, context.settings, act)
  await requireSameFolder(origin, { signal: context.signal })
  const plan = planImage(origin.recipe, origin.lock)
  await withSameFolder(origin, context, () =>
    buildImage(plan, wholeWeights(origin.lock), buildingOf(origin, context)),
  )
}

function buildingOf(origin: LockedRecipe, context: ImageGateContext) {
  const { folder: recipeFolder, lock } = origin
  return { ...context, origin, recipeFolder, verify: false, factory: lock.factory, boots: openTaskQueue() }
}

async function compared(
  { plan, origin, report }: OriginalImage,
  subject: Subject,
  options: GateOptions,
  context: ImageGateContext,
): Promise<GateResult> {
  const { store, settings, engine, progress, signal } = context
  const stock = async (): Promise<GateImage> => {
    const { image } = await buildImage(
      stockPlanOf(plan),
      wholeWeights(origin.lock),
      buildingOf(origin, context),
    )
    // The weights are the same ones, and so is the image that carries them.
    return { image, mounts: subject.mounts }
  }
  const registry = await serveStore(store, {})
  try {
    return await withRunner(subject, options, context, async (runner) =>
      runGate(
        plan,
        { image: report.image, mounts: subject.mounts },
        {
          client: await engine(),
          deployment: deploymentOf(origin.recipe, origin.lock, engineOf(plan.engine.id)),
          settings,
          factory: origin.lock.factory,
          registryPort: registry.port,
          runner,
          stock,
          cutLibraries: cutLibraries(report),
          onStep: (step) => progress.step(step),
          signal,
        },
      ),
    )
  } finally {
    await registry.close()
  }
}

function cutLibraries({ removals }: Report): string[] {
  const removal = removals.find(({ rule }) => rule === 'gpu-code')
  return (removal?.largest ?? []).map(({ path }) => path)
}
