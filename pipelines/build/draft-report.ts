import type { Attribution } from '../../images/attribution/attribution.ts'
import { attributionChecks } from '../../images/attribution/checks.ts'
import type { StoredLayer } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { budgetChecks } from '../../images/report/budgets.ts'
import { type LayerReport, type Report, reportVersion } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import type { BuiltRuntime } from './runtime.ts'

/** What was built, before it is booted. */
export interface BuildResult {
  planDigest: Digest
  image: Digest
  /** Layers of weights that are in the image. */
  weights: readonly StoredLayer[]
  runtime: BuiltRuntime
  attribution: Attribution
}

/** What is known of an image by its bytes alone; its boots are still to come. */
export function draftReport(plan: ImagePlan, built: BuildResult): Report {
  const { planDigest, image, weights, runtime, attribution } = built
  const size = (list: readonly StoredLayer[]) => list.reduce((sum, layer) => sum + layer.descriptor.size, 0)
  const { tree } = runtime
  const measured = {
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
  }
  return {
    reportVersion,
    name: plan.name,
    image,
    plan: planDigest,
    engine: plan.engine,
    model: plan.model,
    verdict: 'not booted',
    ...measured,
    removals: tree.removals,
    missingLibraries: tree.missing,
    licences: runtime.licences ?? {},
    attribution,
    checks: [...attributionChecks(attribution), ...budgetChecks(plan.budgets, measured)],
    ...(plan.predictedMemory === null ? {} : { memory: plan.predictedMemory }),
    boots: [],
    times: { createdAt: new Date().toISOString(), runtimeMs: 0, weightsMs: 0, verifyMs: 0, totalMs: 0 },
  }
}

function layerReport(part: LayerReport['part'], { cause, descriptor }: StoredLayer): LayerReport {
  return { part, cause, digest: descriptor.digest, sizeBytes: descriptor.size }
}
