import type { Attribution } from '../../images/attribution/attribution.ts'
import { attributionChecks } from '../../images/attribution/checks.ts'
import { assembleImage, type StoredLayer } from '../../images/oci/oci.ts'
import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { type LayerReport, type Report, reportVersion, verdictOf } from '../../images/report/report.ts'
import { formatBytes } from '../../lib/bytes.ts'
import type { Digest } from '../../lib/digest.ts'
import type { Json } from '../../lib/json.ts'
import type { FactoryLock } from '../../recipes/lock.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { daggerRunner } from '../boot/dagger.ts'
import type { WeightsMount } from '../boot/runner.ts'
import { keepReport } from '../catalogue/report-record.ts'
import { StageError } from '../error.ts'
import type { Turns } from '../process/one-at-a-time.ts'
import type { Progress } from '../process/progress.ts'
import { daggerSecrets } from '../process/secrets.ts'
import type { Client } from '../process/session.ts'
import { together } from '../process/together.ts'
import { serveStore } from '../registry-server/server.ts'
import { requireCleanFolder, scanBuilt } from '../scan/built.ts'
import { attributeBuilt } from '../size/built.ts'
import { writeImage } from '../store/image.ts'
import { writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { verifyImage } from '../verify/verify.ts'
import { knownImage, nameJudged, restoreImages } from './known-image.ts'
import { publishedRuntime } from './published-runtime.ts'
import { packReusing } from './reuse-published-weights.ts'
import { type BuiltRuntime, buildRuntime, knownRuntime } from './runtime.ts'
import { storeWeightsImages } from './weights-images.ts'

export interface BuildContext {
  store: Store
  progress: Progress
  /** Opens the engine when something needs it; called at most once. */
  engine(): Promise<Client>
  recipeFolder: string
  environment: NodeJS.ProcessEnv
  signal: AbortSignal
  verify: boolean
  /** Helper containers as the lock pins them; undefined in locks of ingot 0.1. */
  factory: FactoryLock | undefined
  /** Boots of this call wait for each other: a server that shares the machine has no figures of its own. */
  boots: Turns
  /** Images in registries whose weight layers are used again, and whose other layers are where the plan is the same. */
  fromRegistry?: readonly string[]
}

/** Builds the image of a plan, boots it and stores the report; what an earlier run finished is not done again. */
export async function buildImage(
  plan: ImagePlan,
  weights: LockedWeights,
  context: BuildContext,
): Promise<Report> {
  const known = await knownImage(plan, context)
  const pack = () => packedWeights(plan, weights, context)
  if (known && (await restoreImages(plan, weights, known, { ...context, pack }))) return known
  return makeImage(plan, weights, context)
}

async function makeImage(plan: ImagePlan, weights: LockedWeights, context: BuildContext): Promise<Report> {
  const { progress, store } = context
  const began = performance.now()
  const { built, packed, baked, mounts, names } = await packedParts(plan, weights, context)
  const planDigest = planDigestOf(plan)
  const layers = [...baked, ...built.value.layers]
  progress.step(`assemble ${layers.length} layers`)
  const assembled = assembleImage(layers, labelled(plan, planDigest), plan.platform, {})
  // `ingot verify` finds it by the image's label. Plain data; interfaces without an index signature need the cast.
  await writeRecord(store, 'plan', planDigest, plan as unknown as Json)
  const subject = { layers: built.value.layers, assembled }
  const { scan, requireClean } = await scanBuilt(plan, weights, subject, context)
  const image = await writeImage(store, assembled)
  const attribution = await attributeBuilt(store, plan, { weights: baked, runtime: built.value.layers })
  const draft = reportOf(plan, { planDigest, image, weights: baked, runtime: built.value, attribution })
  requireBudgets(plan, draft)
  const verifying = context.verify ? context.boots(() => verified(image, plan, mounts, context)) : []
  const boots = await timedTask(Promise.resolve(verifying))
  const report: Report = {
    ...draft,
    ...(mounts[0] && { weightsImage: mounts[0].image }),
    scan,
    boots: boots.value,
    verdict: verdictOf(boots.value, draft.checks),
    times: {
      ...draft.times,
      runtimeMs: built.durationMs,
      weightsMs: packed.durationMs,
      verifyMs: boots.durationMs,
      totalMs: performance.now() - began,
    },
  }
  await requireClean(report)
  await keepReport(store, report)
  await nameJudged(store, report, names)
  return report
}

/** Runtime and weights at the same time, each with how long it took; weights that are not inside have images of their own. */
async function packedParts(plan: ImagePlan, weights: LockedWeights, context: BuildContext) {
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
  const known = (await knownRuntime(context.store, plan)) ?? (await publishedRuntime(plan, context))
  if (known) return known
  return buildRuntime(await context.engine(), context.store, plan, context)
}

/**
 * Baked weights go in first: layers above may change while nodes keep the unpacked weights (docs/decisions/001). Weights
 * that someone else mounts are needed here to boot the image only.
 */
async function packedWeights(
  plan: ImagePlan,
  weights: LockedWeights,
  context: BuildContext,
): Promise<StoredLayer[]> {
  const { delivery } = plan.weights
  if (!context.verify && (delivery === 'mounted' || delivery === 'hf-cache')) return []
  await requireCleanFolder(plan, weights, context)
  return packReusing(context.store, weights, plan.weights.layers, {
    ...context,
    resolveSecret: daggerSecrets(context.engine),
  })
}

async function verified(
  image: Digest,
  plan: ImagePlan,
  mounts: readonly WeightsMount[],
  context: BuildContext,
) {
  const { store, progress, factory } = context
  const client = await context.engine()
  const registry = await serveStore(store, {})
  try {
    const { platform } = plan
    const runner = daggerRunner({ client, store, registryPort: registry.port, platform, factory })
    return await verifyImage(image, plan, {
      runner,
      onStep: (text) => progress.step(text),
      signal: context.signal,
      mounts,
    })
  } finally {
    await registry.close()
  }
}

function labelled(plan: ImagePlan, planDigest: Digest) {
  return { ...plan.config, Labels: { ...plan.config.Labels, 'dev.ingot.plan': planDigest } }
}

interface Built {
  planDigest: Digest
  image: Digest
  /** Layers of weights that are in the image. */
  weights: readonly StoredLayer[]
  runtime: BuiltRuntime
  attribution: Attribution
}

function reportOf(plan: ImagePlan, built: Built): Report {
  const { planDigest, image, weights, runtime, attribution } = built
  const size = (list: readonly StoredLayer[]) => list.reduce((sum, layer) => sum + layer.descriptor.size, 0)
  const { tree } = runtime
  return {
    reportVersion,
    name: plan.name,
    image,
    plan: planDigest,
    engine: plan.engine,
    model: plan.model,
    verdict: 'not booted',
    sizes: {
      storedBytes: size(weights) + size(runtime.layers),
      runtimeBytes: size(runtime.layers),
      weightsBytes: size(weights),
      stockTreeBytes: tree.stockBytes,
      keptTreeBytes: tree.keptBytes,
    },
    layers: [
      ...weights.map((layer) => layerReport('weights', layer)),
      ...runtime.layers.map((layer) => layerReport('runtime', layer)),
    ],
    removals: tree.removals,
    missingLibraries: tree.missing,
    licences: runtime.licences ?? {},
    attribution,
    checks: attributionChecks(attribution),
    ...(plan.predictedMemory === null ? {} : { memory: plan.predictedMemory }),
    boots: [],
    times: { createdAt: new Date().toISOString(), runtimeMs: 0, weightsMs: 0, verifyMs: 0, totalMs: 0 },
  }
}

function layerReport(part: LayerReport['part'], { cause, descriptor }: StoredLayer): LayerReport {
  return { part, cause, digest: descriptor.digest, sizeBytes: descriptor.size }
}

function requireBudgets({ budgets, name }: ImagePlan, { sizes, layers }: Report): void {
  const largest = Math.max(
    0,
    ...layers.filter((layer) => layer.part === 'runtime').map((layer) => layer.sizeBytes),
  )
  const breaches = [
    { key: 'total', limit: budgets.total, found: sizes.storedBytes },
    { key: 'runtime', limit: budgets.runtime, found: sizes.runtimeBytes },
    { key: 'layer', limit: budgets.layer, found: largest },
  ].filter(({ limit, found }) => limit !== undefined && found > limit)
  if (breaches.length === 0) return
  throw new StageError('over-budget', {
    attempted: `keep ${name} within its budgets`,
    found: breaches
      .map(({ key, limit = 0, found }) => `${key} is ${formatBytes(found)}, allowed ${formatBytes(limit)}`)
      .join('; '),
    hint: 'raise image.budgets in the recipe, or see with `ingot plan` what takes the space',
  })
}

async function timedTask<Value>(task: Promise<Value>): Promise<{ value: Value; durationMs: number }> {
  const began = performance.now()
  const value = await task
  return { value, durationMs: performance.now() - began }
}
