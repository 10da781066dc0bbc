import type { SafetensorsHeader } from './model-facts/tensors.ts'
import { isModelWeights, placeOf, shardNumber } from './weight-names.ts'

/** One file, or the shards that a number in their names counts. */
interface TensorSet {
  folder: string
  first: string
  names: Set<string>
}

/** Files of one rank each hold the same names by design (vLLM's and SGLang's `sharded_state`). */
const ofOneRank = /-rank-\d+-part-\d+\.safetensors$/

/**
 * Files that hold tensors of a model which others beside them hold as well, one line each. Without an index a loader takes
 * all files of a folder: the model would be read twice, and which copy wins follows from the order of names.
 */
export function tensorCopies(
  headers: ReadonlyMap<string, { header: SafetensorsHeader }>,
  { shards }: { shards: ReadonlyMap<string, readonly string[]> },
): string[] {
  const indexed = new Set([...shards.keys()].map((path) => placeOf(path).folder))
  const sets = new Map<string, TensorSet>()
  for (const [path, { header }] of [...headers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { folder } = placeOf(path)
    if (indexed.has(folder) || ofOneRank.test(path) || !isModelWeights(path, ['safetensors'])) continue
    const key = path.replace(shardNumber, '-of-$2')
    const set = sets.get(key) ?? { folder, first: path, names: new Set() }
    for (const name of Object.keys(header)) if (name !== '__metadata__') set.names.add(name)
    sets.set(key, set)
  }
  const all = [...sets.values()].sort((a, b) => b.names.size - a.names.size)
  return all.flatMap((set, index) => {
    const whole = all.slice(0, index).find((other) => other.folder === set.folder && holds(other, set))
    return whole === undefined
      ? []
      : [`${set.first} holds tensors that ${whole.first} has as well: leave one copy of the model out`]
  })
}

/** One tensor alone may be a part of its own that has its name by chance. */
function holds({ names }: TensorSet, part: TensorSet): boolean {
  return part.names.size > 1 && [...part.names].every((name) => names.has(name))
}

/** Names that PEFT gives to the matrices of an adapter. */
const adapterTensor =
  /(^|\.)(lora_(A|B|embedding_A|embedding_B|magnitude_vector)|ia3_l|modules_to_save)(\.|$)/

/**
 * Adapters among the files that a loader takes for the model, one line each: without an index it takes every `.safetensors` of
 * the folder (vLLM's `filter_duplicate_safetensors_files`, SGLang's of the same name).
 */
export function strayAdapters(
  headers: ReadonlyMap<string, { header: SafetensorsHeader }>,
  { shards }: { shards: ReadonlyMap<string, readonly string[]> },
): string[] {
  const isRoot = (path: string) => !path.includes('/')
  if ([...shards.keys()].some(isRoot)) return []
  const root = [...headers].filter(([path]) => isRoot(path))
  const isOne = ({ header }: { header: SafetensorsHeader }) => {
    const names = Object.keys(header).filter((name) => name !== '__metadata__')
    const isOfPeft = (name: string) => name.startsWith('base_model.') || adapterTensor.test(name)
    return names.some((name) => adapterTensor.test(name)) && names.every(isOfPeft)
  }
  const [model] = root.find(([path, read]) => isModelWeights(path, ['safetensors']) && !isOne(read)) ?? []
  if (model === undefined) return []
  return root.flatMap(([path, read]) =>
    isOne(read)
      ? [
          `${path} is an adapter by its tensors, and without an index a loader takes it for a part of the model beside ${model}: leave it out with \`exclude\`; as an adapter it goes into \`parts\``,
        ]
      : [],
  )
}
