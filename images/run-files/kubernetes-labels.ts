import type { RunFacts } from './facts.ts'

/** What the Deployment, the Service and the policy find the pod by. */
export function labelsOf({ name }: RunFacts): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'ingot' }
}
