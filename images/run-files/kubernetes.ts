import type { Json } from '../../lib/json.ts'
import type { RunFacts, WeightsMount } from './facts.ts'
import { commentOf, mebibytes, needsLowPort } from './words.ts'
import { yamlOf } from './yaml.ts'

/** Deployment, Service and a policy without a way out; a claim where the weights are mounted. Fits the restricted standard. */
export function kubernetesFile(facts: RunFacts): string {
  const documents = [deployment(facts), service(facts), networkPolicy(facts), ...claims(facts)]
  return `${commentOf(facts).join('\n')}\n${documents.map(yamlOf).join('---\n')}`
}

function deployment(facts: RunFacts): Json {
  const labels = labelsOf(facts)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: facts.name, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      // A second server beside the first would need as many GPUs again.
      strategy: facts.gpus === 0 ? undefined : { type: 'Recreate' },
      template: { metadata: { labels }, spec: podSpec(facts) },
    },
  }
}

function podSpec(facts: RunFacts): Json {
  return {
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
    containers: [container(facts)],
    volumes: [
      { name: 'tmp', emptyDir: {} },
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: `${mebibytes(facts.sharedMemoryBytes)}Mi` } },
      ...weightsVolumes(facts),
    ],
  }
}

function container(facts: RunFacts): Json {
  const { image, port } = facts
  return {
    name: 'server',
    image,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: port }],
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

function resources({ gpus, memoryLimitBytes }: RunFacts): Json {
  const memory = memoryLimitBytes === undefined ? {} : { memory: `${mebibytes(memoryLimitBytes)}Mi` }
  const limits = { ...memory, ...(gpus > 0 && { 'nvidia.com/gpu': gpus }) }
  // GPUs are requested by their limit; memory is requested in full, since a server that is evicted has to load again.
  return { requests: Object.keys(memory).length === 0 ? undefined : memory, limits }
}

const startPeriodSeconds = 5

/** A start may take what was measured, several times over; afterwards three misses take the server out, six restart it. */
function probes({ healthPath, port, readySeconds = 0, startSeconds }: RunFacts): { [key: string]: Json } {
  const httpGet = { path: healthPath, port }
  const initialDelaySeconds = Math.floor(readySeconds / 2)
  return {
    startupProbe: {
      httpGet,
      initialDelaySeconds,
      periodSeconds: startPeriodSeconds,
      timeoutSeconds: 5,
      failureThreshold: Math.ceil((startSeconds - initialDelaySeconds) / startPeriodSeconds),
    },
    readinessProbe: { httpGet, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
  }
}

function weightsVolumes({ name, weights }: RunFacts): Json[] {
  if (weights.type === 'none') return []
  if (weights.type === 'image')
    return [{ name: 'weights', image: { reference: weights.reference, pullPolicy: 'IfNotPresent' } }]
  return [{ name: 'weights', persistentVolumeClaim: { claimName: `${name}-weights`, readOnly: true } }]
}

/** The image of the weights has them under their full path, so that one image serves as a base as well. */
function weightsMounts(weights: WeightsMount): Json[] {
  if (weights.type === 'none') return []
  const mount = { name: 'weights', mountPath: weights.folder, readOnly: true }
  return [weights.type === 'image' ? { ...mount, subPath: weights.folder.slice(1) } : mount]
}

function service(facts: RunFacts): Json {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: facts.name, labels: labelsOf(facts) },
    spec: { selector: labelsOf(facts), ports: [{ name: 'http', port: facts.port, targetPort: 'http' }] },
  }
}

/** The server was booted without a network: nothing has to go out. */
function networkPolicy(facts: RunFacts): Json {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: facts.name, labels: labelsOf(facts) },
    spec: {
      podSelector: { matchLabels: labelsOf(facts) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [{ port: facts.port, protocol: 'TCP' }] }],
      egress: [],
    },
  }
}

function claims(facts: RunFacts): Json[] {
  const { weights } = facts
  if (weights.type !== 'folder' && weights.type !== 'volume') return []
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: `${facts.name}-weights`, labels: labelsOf(facts) },
      spec: {
        accessModes: ['ReadOnlyMany'],
        resources: { requests: { storage: `${mebibytes(weights.sizeBytes * 1.1)}Mi` } },
      },
    },
  ]
}

function labelsOf({ name }: RunFacts): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'ingot' }
}
