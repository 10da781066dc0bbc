import type { RunFacts } from './facts.ts'

/** What the Deployment, the Service and the policy find the pod by. A Deployment's can never change, so nothing is added here. */
export function selectorOf({ name }: RunFacts): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'ingot' }
}

/** The labels that Kubernetes recommends, on every object. https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export function labelsOf(facts: RunFacts): Record<string, string> {
  return {
    ...selectorOf(facts),
    'app.kubernetes.io/instance': facts.name,
    // A value of a label has no plus sign.
    'app.kubernetes.io/version': facts.version.replaceAll('+', '_'),
    'app.kubernetes.io/component': 'inference-server',
  }
}
