import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import type { WholeWeights } from '../../recipes/pinned-parts.ts'
import type { BuildContext } from './build-context.ts'
import { keepSources, requireBudgets } from './judged-image.ts'
import { knownImage, restoreImages } from './known-image.ts'

/**
 * Builds the image of a plan, judges it and stores the report; what an earlier run finished is not done again. The name
 * comes last: what is over budget, fails a scan or a boot, or is interrupted leaves it where it was. Throws `over-budget`,
 * `secret-found` and `against-policy`; a boot that fails is in the report.
 */
export async function buildImage(
  plan: ImagePlan,
  weights: WholeWeights,
  context: BuildContext,
): Promise<Report> {
  const known = await knownImage(plan, context)
  const pack = async () => (await makingOf()).packedWeights(plan, weights, context)
  if (known && (await restoreImages(plan, weights, known, { ...context, pack }))) {
    await keepSources(plan, context)
    requireBudgets(plan, known)
    return known
  }
  return (await makingOf()).makeImage(plan, weights, context)
}

/** Most of the program, which a build with nothing to do does not load. */
function makingOf() {
  return import('./make-image.ts')
}
