import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import { labelsOf, selectorOf } from './kubernetes-labels.ts'
import { podSpec } from './kubernetes-pod.ts'
import { claims } from './kubernetes-weights.ts'
import { workerEgress, workerObjects } from './kubernetes-workers.ts'
import { notesOf } from './notes.ts'
import type { Placement } from './placement.ts'
import { commentOf } from './words.ts'
import { yamlOf } from './yaml.ts'

/** Deployment, Service and a policy without a way out; a claim where the weights are mounted. Fits the restricted standard. */
export function kubernetesFile(facts: RunFacts, placement: Placement): string {
  const documents = [
    deployment(facts, placement),
    service(facts),
    networkPolicy(facts),
    ...claims(facts, placement),
    ...(facts.machines === undefined ? [] : workerObjects(facts, facts.machines, placement)),
  ]
  return `${commentOf(facts, notesOf('kubernetes', facts, placement)).join('\n')}\n${documents.map(yamlOf).join('---\n')}`
}

function deployment(facts: RunFacts, placement: Placement): Json {
  const labels = labelsOf(facts)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: facts.name, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: selectorOf(facts) },
      // A second server beside the first would need as many GPUs again.
      strategy: facts.gpus === 0 ? undefined : { type: 'Recreate' },
      template: { metadata: { labels }, spec: podSpec(facts, placement) },
    },
  }
}

function service(facts: RunFacts): Json {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: facts.name, labels: labelsOf(facts) },
    spec: { selector: selectorOf(facts), ports: [{ name: 'http', port: facts.port, targetPort: 'http' }] },
  }
}

/** The server was booted without a network: nothing has to go out, but to workers of its own. */
export function networkPolicy(facts: RunFacts): Json {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: facts.name, labels: labelsOf(facts) },
    spec: {
      podSelector: { matchLabels: selectorOf(facts) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [{ port: facts.port, protocol: 'TCP' }] }],
      egress: facts.machines === undefined ? [] : workerEgress(facts, facts.machines),
    },
  }
}
