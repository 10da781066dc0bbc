import type { ImagePlan } from '../plan/plan.ts'
import { stockRules } from '../slim-rules/slimming.ts'

/**
 * The same plan with nothing removed but the traces of the build, under a name of its own. It is for comparison, so neither
 * budgets nor rules on what an image must not contain apply to it.
 */
export function stockPlanOf(plan: ImagePlan): ImagePlan {
  const name = `${plan.name}-stock`
  const labels = { ...plan.config.Labels, 'org.opencontainers.image.title': name }
  return {
    ...plan,
    name,
    slimming: { rules: stockRules },
    config: { ...plan.config, Labels: labels },
    budgets: {},
    policy: {
      allowWorldWritable: ['/**'],
      allowSecrets: ['/**'],
      shells: ['it is the stock image, for comparison'],
    },
  }
}
