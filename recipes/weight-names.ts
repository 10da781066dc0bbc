/**
 * Forms in which an engine reads a model: transformers' two, Mistral's own (`params.json`, `consolidated*`), GGUF, and the form that
 * ggml had before it (`ggml-*.bin`).
 */
export type WeightFormat = 'safetensors' | 'pytorch' | 'mistral' | 'gguf' | 'ggml'

/** What the name of a file of tensors says. Files of one model in several formats have the same folder and stem. */
export interface WeightName {
  /** Empty for the root, else with a slash at its end. */
  folder: string
  /** Without number of the shard, precision, and the framework before `model`: `tf_model.h5` has `model`. */
  stem: string
  /** `fp32` of `model.fp32-00001-of-00002.safetensors`: what transformers calls a variant. */
  precision: string | undefined
  /** In lower case: `safetensors`, `bin`, `onnx`; external data of ONNX counts as `onnx`. */
  extension: string
  /** Whether it is the index of shards and holds no tensor. */
  isIndex: boolean
}

const tensorFile =
  /^(.+?)\.(safetensors|bin|pt|pth|h5|msgpack|ot|onnx(?:[._]data(?:_\d+)?)?)(?:(\.index)(?:\.([a-z0-9_]+))?\.json)?$/i

/** Words for element types, as they stand in names of second copies. */
const precisionWord = /\.((?:fp|bf|f|int)(?:4|8|16|32|64)(?:_\w+)?)$/i

/** What a name says, or undefined for a file that holds no tensors by its name. GGUF has rules of its own. */
export function weightName(path: string): WeightName | undefined {
  const { folder, name } = placeOf(path)
  const [, whole = '', extension = '', index, indexPrecision] = tensorFile.exec(name) ?? []
  if (extension === '') return undefined
  const { stem, precision } = withoutPrecision(withoutShard(whole))
  return {
    folder,
    stem: withoutShard(stem).replace(/^(pytorch|tf|flax|rust)_(?=model)/, ''),
    precision: (precision ?? indexPrecision)?.toLowerCase(),
    extension: /^onnx/i.test(extension) ? 'onnx' : extension.toLowerCase(),
    isIndex: index !== undefined,
  }
}

/** Digits of any count: `model-00001-of-000163` (DeepSeek-V3), `model-1-of-61` (Kimi-K2). */
export const shardNumber = /-(\d{1,6})-of-(\d{1,6})(?=$|\.(?:safetensors|bin)$)/

/** Folder with its slash, and name. */
export function placeOf(path: string): { folder: string; name: string } {
  const end = path.lastIndexOf('/') + 1
  return { folder: path.slice(0, end), name: path.slice(end) }
}

function withoutShard(name: string): string {
  return name.replace(shardNumber, '')
}

function withoutPrecision(name: string): { stem: string; precision: string | undefined } {
  const precision = precisionWord.exec(name)?.[1]
  return { stem: precision === undefined ? name : name.replace(precisionWord, ''), precision }
}

export const isConsolidated = ({ stem }: WeightName): boolean => stem.startsWith('consolidated')

export const isAdapter = ({ stem }: WeightName): boolean => stem.startsWith('adapter_')

/** Whether a file holds tensors of a whole model that an engine with these formats loads from the file's folder. */
export function isModelWeights(path: string, formats: readonly WeightFormat[]): boolean {
  const name = weightName(path)
  if (name === undefined || name.isIndex || isAdapter(name)) return false
  if (isConsolidated(name)) return formats.includes('mistral') && name.extension === 'safetensors'
  if (name.extension === 'safetensors') return formats.includes('safetensors')
  if (formats.includes('ggml')) return isGgmlModel(path)
  return (
    formats.includes('pytorch') &&
    name.extension === 'bin' &&
    !isTrainingState(path) &&
    !/(^|\/)ggml-/i.test(path)
  )
}

/** `ggml-tiny.en.bin`; what finds speech in sound lies beside models under such a name as well, and is none. */
export function isGgmlModel(path: string): boolean {
  return /(^|\/)ggml-[^/]+\.bin$/i.test(path) && !/silero|[-_.]vad\b/i.test(placeOf(path).name)
}

const trainingState =
  /(^|\/)(training_args\.bin|(optimizer|scheduler|scaler)\.(pt|pth|bin)|optimizer\.safetensors|rng_state(_\d+)?\.pth|random_states_\d+\.pkl|trainer_state\.json|events\.out\.tfevents[^/]*|zero_to_fp32\.py|[^/]+\.distcp)$|(^|\/)(global_step\d+|(pytorch_model_fsdp|optimizer)_\d+)\//

/** What a trainer writes to go on with its run. */
export function isTrainingState(path: string): boolean {
  return trainingState.test(path)
}
