import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import { networkPolicy } from './kubernetes.ts'
import { labelsOf } from './kubernetes-labels.ts'
import { podSpec } from './kubernetes-pod.ts'
import { claims } from './kubernetes-weights.ts'
import { notesOf } from './notes.ts'
import type { Placement } from './placement.ts'
import { commentOf } from './words.ts'
import { yamlOf } from './yaml.ts'

/**
 * An InferenceService whose predictor is this image, a policy without a way out, and a claim where the weights are mounted. In KServe's
 * standard mode the pod is that of the Deployment: Knative takes neither its volumes nor its security context without switches of the
 * cluster. Read in KServe 0.20.0.
 */
export function kserveFile(facts: RunFacts, placement: Placement): string {
  const documents = [inferenceService(facts, placement), networkPolicy(facts), ...claims(facts, placement)]
  return `${commentOf(facts, notesOf('kserve', facts, placement)).join('\n')}\n${documents.map(yamlOf).join('---\n')}`
}

function inferenceService(facts: RunFacts, placement: Placement): Json {
  const labels = labelsOf(facts)
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name: facts.name,
      labels,
      annotations: { 'serving.kserve.io/deploymentMode': 'Standard' },
    },
    spec: {
      predictor: {
        minReplicas: 1,
        maxReplicas: 1,
        labels,
        // A second server beside the first would need as many GPUs again.
        deploymentStrategy: facts.gpus === 0 ? undefined : { type: 'Recreate' },
        ...podSpec(facts, placement, { name: 'kserve-container' }),
      },
    },
  }
}
