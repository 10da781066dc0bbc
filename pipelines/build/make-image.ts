import { labelNames } from '../../images/oci/label-names.ts'
import { type AssembledImage, assembleImage, type StoredLayer } from '../../images/oci/oci.ts'
import { imageAnnotations } from '../../images/plan/annotations.ts'
import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { budgetBreaches } from '../../images/report/budgets.ts'
import { type Report, verdictOf } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import type { WholeWeights } from '../../recipes/pinned-parts.ts'
import { daggerRunner } from '../boot/dagger.ts'
import type { ImageMount } from '../boot/runner.ts'
import { keepReport } from '../catalogue/report-record.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { together } from '../process/together.ts'
import { quantizedMaker } from '../quantize/quantize.ts'
import { serveStore } from '../registry-server/server.ts'
import { requireCleanFolder, scanBuilt } from '../scan/built.ts'
import { attributeBuilt } from '../size/built.ts'
import { writeImage } from '../store/image.ts'
import { verifyImage } from '../verify/verify.ts'
import type { BuildContext } from './build-context.ts'
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
  const { progress, store } = context
  const beganMs = performance.now()
  const parts = await packedParts(plan, weights, context)
  const layers = [...parts.baked, ...parts.built.value.layers]
  progress.step(`assemble ${layers.length} layers`)
  const annotations = imageAnnotations(plan, context.createdAt)
  const assembled = assembleImage(layers, labelled(plan), plan.platform, annotations)
  const image = await writeImage(store, assembled)
  return judging(image, async () => {
    const { report, requireClean } = await judge(
      plan,
      weights,
      { ...parts, assembled, image, beganMs },
      context,
    )
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
  assembled: AssembledImage
  image: Digest
  beganMs: number
}

/** Scan, size and budgets, then boots: the whole report, made once. What is over its budget is not booted. */
async function judge(
  plan: ImagePlan,
  weights: WholeWeights,
  { built, packed, baked, mounts, assembled, image, beganMs }: AssembledParts,
  context: BuildContext,
) {
  const { store, origin } = context
  const { layers } = built.value
  const { scan, requireClean } = await scanBuilt(plan, weights, { layers, assembled, origin }, context)
  const attribution = await attributeBuilt(store, plan, { weights: baked, runtime: layers })
  const planDigest = planDigestOf(plan)
  const draft = draftReport(plan, { planDigest, image, weights: baked, runtime: built.value, attribution })
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

async function runtimeOf(plan: ImagePlan, context: BuildContext): Promise<BuiltRuntime> {
  const { store, recipeFolder } = context
  const known = (await knownRuntime(store, plan)) ?? (await publishedRuntime(plan, context))
  const built = known ?? (await buildRuntime(await context.engine(), store, plan, context))
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
  const { store, progress, signal, factory } = context
  const onStep = (text: string) => progress.step(text)
  if (context.runner) return verifyImage(image, plan, { runner: context.runner, onStep, signal, mounts })
  const client = await context.engine()
  const registry = await serveStore(store, {})
  try {
    const { platform } = plan
    const runner = daggerRunner({ client, store, registryPort: registry.port, platform, factory })
    return await verifyImage(image, plan, { runner, onStep, signal, mounts })
  } finally {
    await registry.close()
  }
}

function labelled(plan: ImagePlan) {
  return { ...plan.config, Labels: { ...plan.config.Labels, [labelNames.plan]: planDigestOf(plan) } }
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
