import type { Json } from '../../lib/json.ts'
import type { RunFacts, WeightsMount } from './facts.ts'
import { labelsOf } from './kubernetes-labels.ts'
import type { Placement } from './placement.ts'
import { mebibytes } from './words.ts'

export function weightsVolumes({ name, weights }: RunFacts, { claim }: Placement): Json[] {
  if (weights.type === 'none') return []
  if (weights.type === 'image')
    return [{ name: 'weights', image: { reference: weights.reference, pullPolicy: 'IfNotPresent' } }]
  return [
    { name: 'weights', persistentVolumeClaim: { claimName: claim ?? `${name}-weights`, readOnly: true } },
  ]
}

/** The image of the weights has them under their full path, so that one image serves as a base as well. */
export function weightsMounts(weights: WeightsMount): Json[] {
  if (weights.type === 'none') return []
  const mount = { name: 'weights', mountPath: weights.folder, readOnly: true }
  return [weights.type === 'image' ? { ...mount, subPath: weights.folder.slice(1) } : mount]
}

/** A claim for a volume of its own, where none is named that is filled already. */
export function claims(facts: RunFacts, { claim, storageClass }: Placement): Json[] {
  const { weights } = facts
  if (claim !== undefined || (weights.type !== 'folder' && weights.type !== 'volume')) return []
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: `${facts.name}-weights`, labels: labelsOf(facts) },
      spec: {
        accessModes: ['ReadOnlyMany'],
        storageClassName: storageClass,
        resources: { requests: { storage: `${mebibytes(weights.sizeBytes * 1.1)}Mi` } },
      },
    },
  ]
}
