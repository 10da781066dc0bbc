import type { Lock } from '../../recipes/lock.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { PlanError } from '../error.ts'
import { planImage } from '../plan/plan.ts'
import { compareLocks, type LockComparison } from './locks.ts'
import { comparePlans, type PlanComparison } from './plans.ts'
import type { ReportComparison } from './reports.ts'

/** What is another in the second of two states; what one of them lacks is not compared and absent. */
export interface StateComparison {
  lock?: LockComparison
  plan?: PlanComparison
  report?: ReportComparison
  /** Why the second cannot be planned; absent where it can. */
  refused?: string
}

/** What a new lock of a recipe would change. A lock that the recipe refuses is told with the reason, such as a flag that is gone. */
export function compareUpdate(recipe: Recipe, before: Lock, after: Lock): StateComparison {
  const lock = compareLocks(before, after)
  const [one, other] = [before, after].map((each) => planned(recipe, each))
  if (other?.ok === false) return { lock, refused: other.found }
  return one?.ok && other?.ok ? { lock, plan: comparePlans(one.plan, other.plan) } : { lock }
}

type PlanOutcome = { ok: true; plan: ReturnType<typeof planImage> } | { ok: false; found: string }

function planned(recipe: Recipe, lock: Lock): PlanOutcome {
  try {
    return { ok: true, plan: planImage(recipe, lock) }
  } catch (error) {
    if (error instanceof PlanError) return { ok: false, found: error.failure.found }
    throw error
  }
}

/** Whether nothing differs. */
export function isSame({ lock, plan, report, refused }: StateComparison): boolean {
  const rows = [
    ...(lock === undefined ? [] : [...lock.pins, ...lock.items]),
    ...(plan === undefined ? [] : [...plan.causes, ...plan.memory, ...plan.settings, ...plan.doubts]),
    ...(report === undefined ? [] : [...report.facts, ...report.checks, ...report.causes, ...report.layers]),
  ]
  return rows.length === 0 && refused === undefined
}
