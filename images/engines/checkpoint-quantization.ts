import { capabilityOf } from '../memory/gpus.ts'
import type { Deployment, Refusal } from './engine.ts'
import { hasOwnSoftware } from './own-software.ts'
import type { Quantizations } from './quantization-table.ts'
import { methodStanding, readLists } from './quantizations.ts'

/** Methods that a loader has under the very name which a checkpoint says; of others it may have them under another name. */
const ownNames = [
  ...[
    'aqlm',
    'awq',
    'bitblas',
    'bitnet',
    'bitsandbytes',
    'compressed-tensors',
    'eetq',
    'exl2',
    'exl3',
    'fp8',
    'gguf',
  ],
  ...['gptq', 'higgs', 'hqq', 'mlx', 'quark', 'quip', 'spqr', 'torchao', 'vptq'],
]

/** Names that one method has as a setting and in checkpoints. */
const otherNames: Readonly<Record<string, string>> = { 'auto-round': 'inc' }

function checkpointStanding(method: string, version: string, known: Quantizations) {
  const { checkpoints, table } = known
  const isRead = table?.some(({ versions }) => versions.includes(version)) ?? false
  if (checkpoints !== undefined && isRead)
    return checkpoints.includes(method)
      ? ({ type: 'known' } as const)
      : ({ type: 'absent', names: checkpoints } as const)
  const standing = methodStanding(method, version, known)
  const other = otherNames[method]
  return standing.type === 'absent' && other !== undefined ? methodStanding(other, version, known) : standing
}

/** Methods that no flag turns into one another: loaders of vLLM and SGLang end where flag and checkpoint differ. */
const packedMethods = ['awq', 'gptq', 'compressed-tensors', 'bitsandbytes', 'quark']

/** `awq_marlin` and `auto_awq` read what `awq` has packed. */
function family(name: string): string {
  return name.toLowerCase().replace(/^auto_|_marlin$/g, '')
}

/** Refuses a checkpoint that the locked version surely cannot load, and a recipe that names another method than its files. */
export function checkpointRefusals(deployment: Deployment, known: Quantizations): Refusal[] {
  const method = deployment.facts?.quantization?.method
  if (known.table === null || method === undefined) return []
  const asked = deployment.recipe.serving.quantization
  if (asked !== undefined) return contradiction(method, asked)
  const { engine, version } = deployment
  const standing = checkpointStanding(method, version, known)
  if (standing.type !== 'absent' || !ownNames.includes(method) || hasOwnSoftware(deployment)) return []
  return [
    {
      path: 'weights.source',
      found: `the checkpoint is packed by ${method}, which ${engine.title} ${version} does not load`,
      hint: `take another version of the model; it loads ${standing.names.join(', ')}. A plug-in for it goes into image.packages.python`,
    },
  ]
}

function contradiction(method: string, asked: string): Refusal[] {
  const methods = [family(method), family(asked)]
  if (methods[0] === methods[1] || !methods.every((name) => packedMethods.includes(name))) return []
  return [
    {
      path: 'serving.quantization',
      found: `the checkpoint says that it is packed by ${method}, and the recipe says ${asked}`,
      hint: 'leave serving.quantization out: the server reads it from the checkpoint',
    },
  ]
}

/** Some methods have a slower form for older cards, of which tables say nothing: so it is a doubt. */
function capabilityDoubt(
  { gpu, runtime, engine }: Deployment,
  method: string,
  { least }: Quantizations,
): string | undefined {
  const needed = least[method]
  if (needed === undefined || gpu === null || runtime.device === 'cpu') return undefined
  const has = capabilityOf(gpu)
  return has === 0 || has >= needed
    ? undefined
    : `the checkpoint is packed by ${method}, which ${engine.title} computes from compute capability ${needed.toFixed(1)} on, and ${gpu.name} has ${has.toFixed(1)}: its boot tells whether it has a slower form`
}

/** What is known to nobody here, said once and stopping nothing. */
export function checkpointDoubts(deployment: Deployment, known: Quantizations): string[] {
  const { facts, engine, version, recipe } = deployment
  const method = facts?.quantization?.method
  if (known.table === null || method === undefined || recipe.serving.quantization !== undefined) return []
  if (method === 'unknown')
    return [
      `the configuration tells that the checkpoint is packed, and not by which method: whether ${engine.title} ${version} loads it, its boot tells`,
    ]
  const tooOld = capabilityDoubt(deployment, method, known)
  if (tooOld !== undefined) return [tooOld]
  const { type } = checkpointStanding(method, version, known)
  if (type === 'unknown')
    return [
      `whether ${engine.title} ${version} loads checkpoints that are packed by ${method} is not known here (${readLists(known)}); its boot tells`,
    ]
  if (type === 'absent' && !ownNames.includes(method))
    return [
      `the checkpoint is packed by ${method}, which is not among the methods of ${engine.title} ${version} by that name; its boot tells whether it has it by another`,
    ]
  return type === 'absent' && hasOwnSoftware(deployment)
    ? [
        `${engine.title} ${version} itself does not load checkpoints of ${method}: its own packages must bring that`,
      ]
    : []
}
