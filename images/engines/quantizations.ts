import { nearestName } from '../../lib/suggest.ts'
import { capabilityOf } from '../memory/gpus.ts'
import type { Deployment, Refusal } from './engine.ts'
import { hasOwnSoftware } from './own-software.ts'
import type { Quantizations, QuantizationTable } from './quantization-table.ts'

/** `known` takes it, `absent` is a version whose list was read and lacks it, `unknown` a version or name nobody read. */
type Standing = { type: 'known' } | { type: 'absent'; names: readonly string[] } | { type: 'unknown' }

/** Refuses a name that the locked version surely lacks, and one that the GPU is too old for. */
export function quantizationRefusals(deployment: Deployment, known: Quantizations): Refusal[] {
  const { recipe, version } = deployment
  const name = recipe.serving.quantization
  if (name === undefined) return []
  const standing = methodStanding(name.toLowerCase(), version, known)
  if (standing.type !== 'absent' || hasOwnSoftware(deployment))
    return capabilityRefusals(deployment, name, known)
  const near = nearestName(name, standing.names)
  const has = standing.names.length === 0 ? 'none' : standing.names.join(', ')
  return [
    {
      path: 'serving.quantization',
      found: `"${name}" is not a quantisation of ${deployment.engine.title} ${version}`,
      hint: `${near === undefined ? '' : `did you mean "${near}"? `}It has ${has}; leave it out where the checkpoint says it`,
    },
  ]
}

/** What nobody read, and what plug-ins may bring; said once and stopping nothing. */
export function quantizationDoubts(deployment: Deployment, known: Quantizations): string[] {
  const { recipe, version, engine } = deployment
  const name = recipe.serving.quantization
  if (name === undefined) return []
  const { type } = methodStanding(name.toLowerCase(), version, known)
  if (type === 'unknown')
    return [
      `serving.quantization: whether ${engine.title} ${version} takes "${name}" is not known here (${readLists(known)}); its boot tells`,
    ]
  return type === 'absent' && hasOwnSoftware(deployment)
    ? [
        `serving.quantization: ${engine.title} ${version} itself does not take "${name}"; whether the recipe’s own software brings it, its boot tells`,
      ]
    : []
}

export function readLists({ table }: Quantizations): string {
  const newest = table?.at(-1)?.versions.at(-1)
  return newest === undefined ? 'no list was read' : `lists up to ${newest} were read`
}

export function methodStanding(name: string, version: string, { table, least }: Quantizations): Standing {
  if (table?.length === 0) return { type: Object.hasOwn(least, name) ? 'known' : 'unknown' }
  if (table === null) {
    const names = Object.keys(least)
    return names.includes(name) ? { type: 'known' } : { type: 'absent', names }
  }
  const read = table.find(({ versions }) => versions.includes(version))
  if (read === undefined) return everyListHas(name, table) ? { type: 'known' } : { type: 'unknown' }
  return read.names.includes(name) ? { type: 'known' } : { type: 'absent', names: read.names }
}

/** What all versions that were read take, the others will take as well. */
function everyListHas(name: string, table: QuantizationTable): boolean {
  return table.every(({ names }) => names.includes(name))
}

function capabilityRefusals({ gpu, runtime }: Deployment, name: string, { least }: Quantizations): Refusal[] {
  const needed = least[name.toLowerCase()]
  if (needed === undefined || runtime.device === 'cpu' || gpu === null) return []
  if (capabilityOf(gpu) === 0 || capabilityOf(gpu) >= needed) return []
  return [
    {
      path: 'serving.quantization',
      found: `${name} needs compute capability ${needed.toFixed(1)}; ${gpu.name} has ${gpu.architecture}`,
      hint: 'choose another quantisation of the model, or a newer GPU',
    },
  ]
}
