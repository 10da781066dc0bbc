import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { breachText, budgetBreaches } from '../../images/report/budgets.ts'
import type { Report } from '../../images/report/report.ts'
import { hasOrigin, keepOrigin } from '../catalogue/origin-record.ts'
import { keepPlan, recallPlan } from '../catalogue/plan-record.ts'
import { StageError } from '../error.ts'
import type { BuildContext } from './build-context.ts'

/** Whoever names the image later finds its plan by the image's label, and its recipe by the plan. */
export async function keepSources(plan: ImagePlan, { store, origin }: BuildContext): Promise<void> {
  const digest = planDigestOf(plan)
  if ((await recallPlan(store, digest)) === undefined) await keepPlan(store, plan)
  if (origin === undefined) return
  if (!(await hasOrigin(store, digest, origin))) await keepOrigin(store, digest, origin)
}

/** Throws `over-budget`. */
export function requireBudgets({ budgets, name }: ImagePlan, { image, ...measured }: Report): void {
  const breaches = budgetBreaches(budgets, measured)
  if (breaches.length === 0) return
  throw new StageError('over-budget', {
    attempted: `keep ${name} within its budgets`,
    found: breaches.map(breachText).join('; '),
    hint: `raise image.budgets in the recipe, or see with \`ingot size ${image}\` what takes the space`,
  })
}
