import type { AssembledImage, StoredLayer } from '../../images/oci/oci.ts'
import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { budgetBreaches } from '../../images/report/budgets.ts'
import { type Report, verdictOf } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import type { WholeWeights } from '../../recipes/pinned-parts.ts'
import type { ImageMount } from '../boot/runner.ts'
import { keepReport } from '../catalogue/report-record.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { together } from '../process/together.ts'
import { quantizedMaker } from '../quantize/quantize.ts'
import { requireCleanFolder, scanBuilt } from '../scan/built.ts'
import { attributeBuilt } from '../size/built.ts'
import type { Store } from '../store/store.ts'
import { verifyImage } from '../verify/verify.ts'
import type { BuildContext } from './build-context.ts'
import { compiledOfPlan } from './compile-cache.ts'
import {
  assembledImage,
  type CompiledParts,
  fromRegistry,
  withBuildRunner,
  withCompiled,
} from './compiled-image.ts'
import { draftReport } from './draft-report.ts'
import { keepSources, requireBudgets } from './judged-image.ts'
import { judging } from './judging.ts'
import { nameJudged } from './known-image.ts'
import { packOwnLayer } from './own-layer.ts'
import { publishedRuntime } from './published-runtime.ts'
import { packReusing } from './reuse-published-weights.ts'
import { type BuiltRuntime, buildRuntime, knownRuntime } from './runtime.ts'
import { storeWeightsImages, type WeightsImages } from './weights-images.ts'

/** Makes the image of a plan that the store does not have, judges it, and gives it its name. */
export async function makeImage(
  plan: ImagePlan,
  weights: WholeWeights,
  context: BuildContext,
): Promise<Report> {
  const { store } = context
  const beganMs = performance.now()
  const parts = await packedParts(plan, weights, context)
  const compiled = await withCompiled(plan, { ...parts, runtime: parts.built.value }, context)
  const { assembled, image } = await assembledImage(plan, compiled.layers, context)
  return judging(image, async () => {
    const made = { ...parts, compiled, assembled, image, beganMs }
    const { report, requireClean } = await judge(plan, weights, made, context)
    await requireClean(report)
    context.signal.throwIfAborted()
    await keepReport(store, report)
    await keepSources(plan, context)
    requireBudgets(plan, report)
    await nameJudged(store, report, parts.names)
    return report
  })
}

interface AssembledParts extends PackedParts {
  compiled: CompiledParts
  assembled: AssembledImage
  image: Digest
  beganMs: number
}

/** Scan, size and budgets, then boots: the whole report, made once. What is over its budget is not booted. */
async function judge(
  plan: ImagePlan,
  weights: WholeWeights,
  { built, packed, baked, mounts, compiled, assembled, image, beganMs }: AssembledParts,
  context: BuildContext,
) {
  const { store, origin } = context
  const { layers } = compiled.runtime
  const { scan, requireClean } = await scanBuilt(plan, weights, { layers, assembled, origin }, context)
  const attribution = await attributeBuilt(store, plan, { weights: baked, runtime: layers })
  const planDigest = planDigestOf(plan)
  const drafted = draftReport(plan, {
    ...{ planDigest, image, attribution },
    ...{ weights: baked, runtime: compiled.runtime },
  })
  const draft = { ...drafted, checks: [...drafted.checks, ...compiled.checks] }
  const isBooted = context.verify && budgetBreaches(plan.budgets, draft).length === 0
  const verifying = isBooted ? context.boots(() => verified(image, plan, mounts, context)) : []
  const boots = await timedTask(Promise.resolve(verifying))
  const times = {
    ...draft.times,
    runtimeMs: built.durationMs,
    weightsMs: packed.durationMs,
    verifyMs: boots.durationMs,
    totalMs: performance.now() - beganMs,
  }
  const verdict = verdictOf(boots.value, draft.checks)
  const beside = mounts[0] && { weightsImage: mounts[0].image }
  const report: Report = { ...draft, ...beside, scan, boots: boots.value, verdict, times }
  return { report, requireClean }
}

interface PackedParts extends WeightsImages {
  built: Timing<BuiltRuntime>
  packed: Timing<StoredLayer[]>
  /** Layers of weights that are in the image itself. */
  baked: StoredLayer[]
}

/** Runtime and weights at the same time, each with how long it took; weights that are not inside have images of their own. */
async function packedParts(
  plan: ImagePlan,
  weights: WholeWeights,
  context: BuildContext,
): Promise<PackedParts> {
  const [built, packed] = await together(
    [
      (signal) => timedTask(runtimeOf(plan, { ...context, signal })),
      (signal) => timedTask(packedWeights(plan, weights, { ...context, signal })),
    ],
    context.signal,
  )
  const baked = plan.weights.delivery === 'baked' ? packed.value : []
  const images =
    baked.length > 0
      ? { mounts: [], names: [] }
      : await storeWeightsImages(plan, weights, packed.value, context)
  return { built, packed, baked, ...images }
}

async function lacksCompiled(store: Store, plan: ImagePlan): Promise<boolean> {
  return plan.compileCache !== undefined && (await compiledOfPlan(store, plan)) === undefined
}

async function runtimeOf(plan: ImagePlan, context: BuildContext): Promise<BuiltRuntime> {
  const { store, recipeFolder } = context
  const known = await knownRuntime(store, plan)
  const lacks = known === undefined || (fromRegistry(context) && (await lacksCompiled(store, plan)))
  const found = (lacks ? await publishedRuntime(plan, context) : undefined) ?? known
  const built = found ?? (await buildRuntime(await context.engine(), store, plan, context))
  if (plan.ownLayer === undefined) return built
  // The recipe's own files change most often, so they are on top.
  const own = await packOwnLayer(store, plan.ownLayer, recipeFolder)
  return { ...built, layers: [...built.layers, ...own] }
}

/**
 * Baked weights go in first: layers above may change while nodes keep the unpacked weights (docs/decisions/001). Weights
 * that someone else mounts are needed here to boot the image only.
 */
export async function packedWeights(
  plan: ImagePlan,
  weights: WholeWeights,
  context: BuildContext,
): Promise<StoredLayer[]> {
  const { delivery } = plan.weights
  if (!context.verify && (delivery === 'mounted' || delivery === 'hf-cache')) return []
  await requireCleanFolder(plan, weights, context)
  const source = { ...context, resolveSecret: daggerSecrets(context.engine) }
  const place = { platform: plan.platform, modelFolder: plan.weights.modelFolder }
  const makeQuantized = quantizedMaker({ ...context, source }, place)
  return packReusing(context.store, weights, plan.weights.layers, { ...source, makeQuantized })
}

async function verified(
  image: Digest,
  plan: ImagePlan,
  mounts: readonly ImageMount[],
  context: BuildContext,
) {
  const { progress, signal } = context
  const onStep = (text: string) => progress.step(text)
  return withBuildRunner(plan, context, (runner) =>
    verifyImage(image, plan, { runner, onStep, signal, mounts }),
  )
}

interface Timing<Value> {
  value: Value
  durationMs: number
}

async function timedTask<Value>(task: Promise<Value>): Promise<Timing<Value>> {
  const began = performance.now()
  const value = await task
  return { value, durationMs: performance.now() - began }
}
