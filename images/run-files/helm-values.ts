import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'
import type { JsonObject } from './kubernetes-pod.ts'
import type { Placement } from './placement.ts'
import { mebibytes } from './words.ts'

/** What a site can change of a chart, with what this image and this placement need. */
export function chartValues(
  facts: RunFacts,
  placement: Placement,
  resources: Json,
  env: readonly Json[],
): JsonObject {
  const weights = weightsValues(facts, placement)
  return {
    image: byDigest(facts.image),
    replicas: 1,
    ...(weights !== undefined && { weights }),
    resources,
    env,
    runtimeClassName: placement.runtimeClass ?? '',
    nodeSelector: placement.nodeSelector,
    tolerations: placement.tolerations.map(({ key, value, effect }) => ({
      key,
      operator: value === undefined ? 'Exists' : 'Equal',
      value,
      effect,
    })),
    imagePullSecrets: placement.pullSecrets.map((name) => ({ name })),
    networkPolicy: true,
  }
}

function weightsValues({ weights }: RunFacts, { claim, storageClass }: Placement): JsonObject | undefined {
  if (weights.type === 'none') return undefined
  if (weights.type === 'image') return byDigest(weights.reference)
  return {
    claim: claim ?? '',
    storageClass: storageClass ?? '',
    size: `${mebibytes(weights.sizeBytes * 1.1)}Mi`,
  }
}

function byDigest(reference: string): { repository: string; digest: string } {
  const [repository = '', digest = ''] = reference.split('@')
  return { repository, digest }
}

/** A schema by which helm refuses keys that the chart does not have, and values of another kind. */
export function chartSchema(values: JsonObject): Json {
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...closed(values) }
}

/** Maps of the site's own have any key. */
const open = ['resources', 'nodeSelector']

function closed(values: JsonObject): JsonObject {
  const properties = Object.entries(values).map(([key, value]) => [key, kindOf(key, value)])
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) }
}

function kindOf(key: string, value: Json | undefined): Json {
  if (Array.isArray(value)) return { type: 'array', items: { type: 'object' } }
  if (value !== null && typeof value === 'object')
    return open.includes(key) ? { type: 'object' } : closed(value as JsonObject) // Not a list: that was asked before.
  if (key === 'digest') return { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' }
  if (typeof value === 'number') return { type: 'integer', minimum: 0 }
  return { type: typeof value }
}
