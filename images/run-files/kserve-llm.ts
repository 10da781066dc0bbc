import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import { networkPolicy } from './kubernetes.ts'
import { labelsOf } from './kubernetes-labels.ts'
import { type JsonObject, podSpec, serverVariables } from './kubernetes-pod.ts'
import { claims, weightsMounts } from './kubernetes-weights.ts'
import { notesOf } from './notes.ts'
import type { Placement } from './placement.ts'
import { commentOf } from './words.ts'
import { yamlOf } from './yaml.ts'

/** Where KServe's Service and routes ask a server of this kind; no field changes it (0.20.0, llmisvc/workload.go). */
export const kserveLlmPort = 8000

/** Folder that KServe's preset of the pod puts an empty volume on, and variables that it sets (0.20.0, kserve-config-llm-template). */
const presetFolder = '/models'
const presetVariables = ['HOME', 'HF_HUB_CACHE', 'VLLM_LOGGING_LEVEL'] as const

/**
 * An LLMInferenceService with this image in place of the vLLM of KServe's preset. KServe merges the two by the names of containers and
 * variables and by the places of mounts, so all that the preset says otherwise is said again here: command, probes, variables, /models.
 * The storage initializer is off: the weights come with the image, its volume or its claim.
 */
export function kserveLlmFile(facts: RunFacts, placement: Placement): string {
  const documents = [llmService(facts, placement), networkPolicy(facts), ...claims(facts, placement)]
  const notes = [...notesOf('kserve-llm', facts, placement), ...presetNotes]
  return `${commentOf(facts, notes).join('\n')}\n${documents.map(yamlOf).join('---\n')}`
}

const presetNotes = [
  'TLS: the server speaks plain HTTP, so `enableLLMInferenceServiceTLS` must be off in KServe’s ingress settings, as it is without being set.',
  'Stop: the preset’s preStop calls /bin/sleep, which this image may lack; the event FailedPreStopHook stops nothing.',
]

function llmService(facts: RunFacts, placement: Placement): Json {
  return {
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceService',
    metadata: { name: facts.name, labels: labelsOf(facts) },
    spec: {
      model: { uri: modelUri(facts, placement), name: facts.model },
      storageInitializer: { enabled: false },
      replicas: 1,
      // The pod has the other labels from KServe, whose selector wants its own component.
      labels: { 'app.kubernetes.io/managed-by': 'ingot' },
      router: { gateway: {}, route: {} },
      template: pod(facts, placement),
    },
  }
}

function pod(facts: RunFacts, placement: Placement): JsonObject {
  const shown = withShownFolder(facts)
  const { command, environment } = facts.own
  const preset = presetVariables.flatMap((name) => {
    const value = environment[name]
    return value === undefined ? [] : [{ name, value }]
  })
  return podSpec(shown, placement, {
    name: 'main',
    container: {
      command,
      env: [...preset, ...(serverVariables(facts, placement) ?? [])],
      volumeMounts: [
        { name: 'tmp', mountPath: '/tmp' },
        { name: 'shm', mountPath: '/dev/shm' },
        ...weightsMounts(shown.weights),
      ],
    },
  })
}

/** What is baked below the preset's empty volume would be hidden by it: the image itself is mounted there. */
function withShownFolder(facts: RunFacts): RunFacts {
  const { weights, own, image } = facts
  const isHidden = weights.type === 'none' && own.modelFolder.startsWith(`${presetFolder}/`)
  return isHidden ? { ...facts, weights: { type: 'image', folder: presetFolder, reference: image } } : facts
}

/** KServe wants one, and fetches nothing from it here: it says where the weights are. */
function modelUri({ name, image, weights }: RunFacts, { claim }: Placement): string {
  if (weights.type === 'none') return `oci://${image}`
  return weights.type === 'image' ? `oci://${weights.reference}` : `pvc://${claim ?? `${name}-weights`}/`
}
