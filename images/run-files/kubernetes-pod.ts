import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import { probes } from './kubernetes-probes.ts'
import { weightsMounts, weightsVolumes } from './kubernetes-weights.ts'
import { workerAddressesIn } from './machines.ts'
import type { Placement, Toleration } from './placement.ts'
import { mebibytes, needsLowPort } from './words.ts'

/** What one kind of object wants of the pod beside the rest. */
export interface PodWishes {
  /** Name of the container. */
  name?: string
  /** Members of the container in place of its own, or beside them. */
  container?: JsonObject
}

export type JsonObject = { readonly [key: string]: Json | undefined }

/** The pod of a server, fit for the restricted standard: hardened as it was booted, and sized as it was measured. */
export function podSpec(facts: RunFacts, placement: Placement, wishes: PodWishes = {}): JsonObject {
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
    containers: [{ ...container(facts, placement), name: wishes.name ?? 'server', ...wishes.container }],
    volumes: [
      { name: 'tmp', emptyDir: {} },
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: `${mebibytes(facts.sharedMemoryBytes)}Mi` } },
      ...weightsVolumes(facts, placement),
    ],
  }
}

/** Where the pod may run, and by which secrets its image is pulled. */
function scheduling(placement: Placement): JsonObject {
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

/** Variables of a server, undefined where there are none. */
export function serverVariables(
  facts: RunFacts,
  { secretVariables }: Placement,
): readonly Json[] | undefined {
  const { machines: workers, healthVariables } = facts
  const all: Json[] = [
    ...(workers === undefined ? [] : [{ name: workers.variable, value: workerAddressesIn(facts, workers) }]),
    ...Object.entries(healthVariables).map(([name, value]) => ({ name, value })),
    ...secretVariables.map(({ variable, secret, key }) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: secret, key } },
    })),
  ]
  return all.length === 0 ? undefined : all
}

function container(facts: RunFacts, placement: Placement): JsonObject {
  const { image, port } = facts
  return {
    name: 'server',
    image,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: port }],
    env: serverVariables(facts, placement),
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
function resourceOf({ vulkan, rocm }: RunFacts): string | undefined {
  if (rocm) return pluginResources.amd
  if (vulkan === undefined) return pluginResources.nvidia
  const driver = vulkan.find((name) => name !== 'software')
  return driver === undefined ? undefined : pluginResources[driver]
}

/** Memory as it was measured, and the cards. */
export function resources(facts: RunFacts): Json {
  const { gpus, memoryLimitBytes } = facts
  const resource = resourceOf(facts)
  const memory = memoryLimitBytes === undefined ? {} : { memory: `${mebibytes(memoryLimitBytes)}Mi` }
  const limits = { ...memory, ...(gpus > 0 && resource !== undefined && { [resource]: gpus }) }
  // GPUs are requested by their limit; memory is requested in full, since a server that is evicted has to load again.
  return { requests: Object.keys(memory).length === 0 ? undefined : memory, limits }
}
