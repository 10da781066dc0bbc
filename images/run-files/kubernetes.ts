import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import { labelsOf, selectorOf } from './kubernetes-labels.ts'
import { probes } from './kubernetes-probes.ts'
import { claims, weightsMounts, weightsVolumes } from './kubernetes-weights.ts'
import { notesOf } from './notes.ts'
import type { Placement, Toleration } from './placement.ts'
import { commentOf, mebibytes, needsLowPort } from './words.ts'
import { yamlOf } from './yaml.ts'

/** Deployment, Service and a policy without a way out; a claim where the weights are mounted. Fits the restricted standard. */
export function kubernetesFile(facts: RunFacts, placement: Placement): string {
  const documents = [
    deployment(facts, placement),
    service(facts),
    networkPolicy(facts),
    ...claims(facts, placement),
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

function podSpec(facts: RunFacts, placement: Placement): Json {
  return {
    ...scheduling(placement),
    automountServiceAccountToken: false,
    // Variables of other services would be read by engines that take settings from the environment.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: facts.stopSeconds + 5,
    securityContext: {
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
      sysctls: needsLowPort(facts)
        ? [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }]
        : undefined,
    },
    containers: [container(facts, placement)],
    volumes: [
      { name: 'tmp', emptyDir: {} },
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: `${mebibytes(facts.sharedMemoryBytes)}Mi` } },
      ...weightsVolumes(facts, placement),
    ],
  }
}

/** Where the pod may run, and by which secrets its image is pulled. */
function scheduling(placement: Placement): { [key: string]: Json | undefined } {
  const { nodeSelector, tolerations, pullSecrets } = placement
  return {
    runtimeClassName: placement.runtimeClass,
    nodeSelector: Object.keys(nodeSelector).length === 0 ? undefined : nodeSelector,
    tolerations: tolerations.length === 0 ? undefined : tolerations.map(toleration),
    imagePullSecrets: pullSecrets.length === 0 ? undefined : pullSecrets.map((name) => ({ name })),
  }
}

function toleration({ key, value, effect }: Toleration): Json {
  return value === undefined ? { key, operator: 'Exists', effect } : { key, operator: 'Equal', value, effect }
}

function variables({ healthVariables }: RunFacts, { secretVariables }: Placement): Json | undefined {
  const all = [
    ...Object.entries(healthVariables).map(([name, value]) => ({ name, value })),
    ...secretVariables.map(({ variable, secret, key }) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: secret, key } },
    })),
  ]
  return all.length === 0 ? undefined : all
}

function container(facts: RunFacts, placement: Placement): Json {
  const { image, port } = facts
  return {
    name: 'server',
    image,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: port }],
    env: variables(facts, placement),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    resources: resources(facts),
    ...probes(facts),
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'shm', mountPath: '/dev/shm' },
      ...weightsMounts(facts.weights),
    ],
  }
}

/** Resources of device plugins, by driver. */
const pluginResources = { amd: 'amd.com/gpu', intel: 'gpu.intel.com/i915', nvidia: 'nvidia.com/gpu' } as const

/** The card that a pod asks for: the first of the image's drivers; none for a software device alone. */
function resourceOf({ vulkan }: RunFacts): string | undefined {
  if (vulkan === undefined) return pluginResources.nvidia
  const driver = vulkan.find((name) => name !== 'software')
  return driver === undefined ? undefined : pluginResources[driver]
}

function resources(facts: RunFacts): Json {
  const { gpus, memoryLimitBytes } = facts
  const resource = resourceOf(facts)
  const memory = memoryLimitBytes === undefined ? {} : { memory: `${mebibytes(memoryLimitBytes)}Mi` }
  const limits = { ...memory, ...(gpus > 0 && resource !== undefined && { [resource]: gpus }) }
  // GPUs are requested by their limit; memory is requested in full, since a server that is evicted has to load again.
  return { requests: Object.keys(memory).length === 0 ? undefined : memory, limits }
}

function service(facts: RunFacts): Json {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: facts.name, labels: labelsOf(facts) },
    spec: { selector: selectorOf(facts), ports: [{ name: 'http', port: facts.port, targetPort: 'http' }] },
  }
}

/** The server was booted without a network: nothing has to go out. */
function networkPolicy(facts: RunFacts): Json {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: facts.name, labels: labelsOf(facts) },
    spec: {
      podSelector: { matchLabels: selectorOf(facts) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [{ port: facts.port, protocol: 'TCP' }] }],
      egress: [],
    },
  }
}
