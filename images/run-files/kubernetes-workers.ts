import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import { labelsOf, selectorOf } from './kubernetes-labels.ts'
import { type JsonObject, podSpec } from './kubernetes-pod.ts'
import { workerFacts } from './machines.ts'
import type { Placement } from './placement.ts'
import type { RunWorkers } from './run-machines.ts'

/** A StatefulSet of workers, one a machine; the Service that names them; and a policy that lets the server in and nothing out. */
export function workerObjects(facts: RunFacts, workers: RunWorkers, placement: Placement): Json[] {
  const own = workerFacts(facts, workers)
  return [statefulSet(own, workers, placement), headless(own), policy(own, facts)]
}

function metadata(own: RunFacts): JsonObject {
  return { name: own.name, labels: labelsOf(own) }
}

function statefulSet(own: RunFacts, workers: RunWorkers, placement: Placement): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata(own),
    spec: {
      replicas: workers.count,
      serviceName: own.name,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: selectorOf(own) },
      template: { metadata: { labels: labelsOf(own) }, spec: workerPod(own, workers, placement) },
    },
  }
}

function headless(own: RunFacts): Json {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(own),
    spec: {
      clusterIP: 'None',
      // The server is what waits for them, and a worker has no page that says that it is ready.
      publishNotReadyAddresses: true,
      selector: selectorOf(own),
      ports: [{ name: 'rpc', port: own.port, targetPort: 'rpc' }],
    },
  }
}

function policy(own: RunFacts, server: RunFacts): Json {
  const from = [{ podSelector: { matchLabels: selectorOf(server) } }]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(own),
    spec: {
      podSelector: { matchLabels: selectorOf(own) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from, ports: [{ port: own.port, protocol: 'TCP' }] }],
      egress: [],
    },
  }
}

/**
 * No probe: a worker serves one client at a time, so that a check of its port waits behind the server, and after two of them the
 * kernel takes no more (measured, llama.cpp 0.7.0).
 */
function workerPod(own: RunFacts, { command, port }: RunWorkers, placement: Placement): JsonObject {
  const none = { startupProbe: undefined, readinessProbe: undefined, livenessProbe: undefined }
  const pod = podSpec(
    own,
    { ...placement, secretVariables: [] },
    { name: 'worker', container: { command, ports: [{ name: 'rpc', containerPort: port }], ...none } },
  )
  const term = { labelSelector: { matchLabels: selectorOf(own) }, topologyKey: 'kubernetes.io/hostname' }
  return {
    ...pod,
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
  }
}

/** What the server may reach besides: its workers, and whoever knows their names. */
export function workerEgress(facts: RunFacts, workers: RunWorkers): Json[] {
  const own = workerFacts(facts, workers)
  return [
    {
      to: [{ podSelector: { matchLabels: selectorOf(own) } }],
      ports: [{ port: own.port, protocol: 'TCP' }],
    },
    nameLookups,
  ]
}

/** Names are asked of the cluster's own name server. */
export const nameLookups: Json = {
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
}
