import { formatBytes } from '../../lib/bytes.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { CheckResult } from '../boot/check-result.ts'
import type { Report } from './report.ts'

type Budgets = Recipe['image']['budgets']
type MeasuredSizes = Pick<Report, 'sizes' | 'layers'>

/** A budget of the recipe that an image does not keep. */
export interface BudgetBreach {
  key: keyof Budgets
  limitBytes: number
  foundBytes: number
}

/** Every budget that the stored image breaks. */
export function budgetBreaches(budgets: Budgets, { sizes, layers }: MeasuredSizes): BudgetBreach[] {
  const ofRuntime = layers.filter(({ part }) => part === 'runtime').map(({ sizeBytes }) => sizeBytes)
  const found = {
    total: sizes.storedBytes,
    runtime: sizes.runtimeBytes,
    layer: Math.max(0, ...ofRuntime),
  }
  return (['total', 'runtime', 'layer'] as const).flatMap((key) => {
    const { [key]: limitBytes } = budgets
    const { [key]: foundBytes } = found
    return limitBytes !== undefined && foundBytes > limitBytes ? [{ key, limitBytes, foundBytes }] : []
  })
}

export function breachText({ key, limitBytes, foundBytes }: BudgetBreach): string {
  return `${key} is ${formatBytes(foundBytes)}, allowed ${formatBytes(limitBytes)}`
}

/** What breaks a budget fails, whatever a boot says of it. Nothing is said where every budget is kept. */
export function budgetChecks(budgets: Budgets, measured: MeasuredSizes): CheckResult[] {
  const breaches = budgetBreaches(budgets, measured)
  if (breaches.length === 0) return []
  return [
    {
      id: 'within-budgets',
      group: 'image',
      title: 'the stored image is within the budgets of its recipe',
      required: true,
      status: 'failed',
      expected: breaches.map(({ key, limitBytes }) => `${key} at most ${formatBytes(limitBytes)}`).join('; '),
      observed: breaches.map(breachText).join('; '),
      beganMs: 0,
      durationMs: 0,
      evidence: '',
    },
  ]
}
