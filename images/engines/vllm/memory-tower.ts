import type { ModelFacts, RoleCounts } from '../../../recipes/model-facts.ts'
import { sumOf } from '../../../recipes/model-facts.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'

/** First release in which a tower that no input may reach is not loaded (`_mark_tower_model`). */
const leftOutSince = '0.15.0'

/** The request as it is where no images are taken: nothing is profiled for them, and newer versions load no tower. */
export function withoutImages(request: MemoryRequest, version: string): MemoryRequest {
  const { facts, textOnly } = request
  if (textOnly !== true || facts.vision === null) return request
  const text = { ...facts, vision: null }
  return { ...request, facts: atLeast(version, leftOutSince) ? withoutTower(text) : text }
}

function withoutTower(facts: ModelFacts): ModelFacts {
  const { weights, parameters } = facts
  return {
    ...facts,
    parameters: parameters && without(parameters),
    weights: weights && {
      ...weights,
      byRole: without(weights.byRole),
      totalBytes: sumOf(without(weights.byRole)),
    },
  }
}

function without({ vision: _tower, ...rest }: RoleCounts): RoleCounts {
  return rest
}

/** `{"image": 0, "video": 0}` or `image=0,video=0`: no images at all; undefined for what limits them otherwise. */
export function imageLimits(value: string): Partial<MemoryRequest> | undefined {
  const limits = value.trim().startsWith('{') ? parsed(value) : pairs(value)
  const isNone = (name: string) => limits[name] === 0
  return isNone('image') && isNone('video') ? { textOnly: true } : undefined
}

function parsed(value: string): Record<string, unknown> {
  try {
    const limits: unknown = JSON.parse(value)
    return typeof limits === 'object' && limits !== null ? { ...limits } : {}
  } catch {
    return {}
  }
}

function pairs(value: string): Record<string, unknown> {
  return Object.fromEntries(
    value.split(',').map((pair) => {
      const [name = '', count = ''] = pair.split('=')
      return [name.trim(), count.trim() === '' ? Number.NaN : Number(count)]
    }),
  )
}
