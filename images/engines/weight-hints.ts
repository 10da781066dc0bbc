import { isGguf, isProjectorName } from '../../recipes/model-facts/gguf-files.ts'
import { isModelWeights, placeOf, weightName } from '../../recipes/weight-names.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import type { EngineDefinition } from './engine.ts'

/** Where parts of a model are that its root lacks. */
interface StrayParts {
  /** In folders below. */
  below: readonly string[]
  /** In the root, in other letters. */
  other: readonly string[]
  /** Whether folders below have all that the root lacks. */
  isAllBelow: boolean
}

type HintedEngine = Pick<EngineDefinition, 'title' | 'formats'>

/** What to do about a folder that lacks a part of a model in transformers' form. */
export function folderHint(engine: HintedEngine, paths: readonly string[], stray: StrayParts): string {
  const { title, formats } = engine
  const isThere = (pattern: RegExp) => paths.some((path) => pattern.test(path))
  const hasModel = paths.some((path) => isModelWeights(path, formats))
  const snapshot = paths.map((path) => /^(?:models--[^/]+\/)?snapshots\/[^/]+/.exec(path)?.[0]).find(Boolean)
  if (snapshot !== undefined)
    return `this is a folder of the Hub’s cache: name its snapshot, PATH/${snapshot}`
  const [other] = stray.other
  if (other !== undefined)
    return `${title} tells capital letters from small ones: rename ${other} to ${other.toLowerCase()}`
  if (isThere(/^model_index\.json$/))
    return 'this is a pipeline of diffusers, whose parts are models of their own; no server here takes it as a whole'
  if (stray.below.length > 0) return belowHint(title, paths, stray)
  if (!hasModel && paths.some((path) => weightName(path)?.stem === 'adapter_model'))
    return 'this is an adapter without its model: name the repository of the model, and put the adapter beside it in a folder'
  if (!hasModel && paths.some(isGguf))
    return `${title} does not load GGUF here; use llama-cpp or ollama, or the model's safetensors repository`
  return (
    foreignHint(engine, paths) ??
    `${title} loads a folder of transformers: config.json, tokenizer and .safetensors files`
  )
}

function belowHint(title: string, paths: readonly string[], { below, isAllBelow }: StrayParts): string {
  const folders = [...new Set(below.map((path) => placeOf(path).folder))]
  const looks = `${title} looks in the folder that weights.source names, and not below it`
  return isAllBelow && folders.length === 1 && paths.includes(`${folders[0]}config.json`)
    ? `${looks}: name the folder itself, PATH/${folders[0]?.slice(0, -1)}`
    : `${looks}: put all parts of one model there`
}

/** Weights that are there in a form that this engine does not load. */
function foreignHint({ title, formats }: HintedEngine, paths: readonly string[]): string | undefined {
  const root = paths.filter((path) => !path.includes('/'))
  const found = (pattern: RegExp) => root.find((path) => pattern.test(path))
  if (paths.some((path) => isModelWeights(path, formats))) return undefined
  if (root.some((path) => isModelWeights(path, ['pytorch'])))
    return `${title} does not load .bin here; use vllm or sglang, or a safetensors version of the model`
  if (found(/^consolidated[^/]*\.safetensors$/) !== undefined)
    return `this is Mistral’s own form, which ${title} does not load; use vllm, or the model in transformers’ form`
  const original = found(/\.pth$/i)
  if (original !== undefined)
    return `${original} is in the form in which the model was trained, which no server here loads: take its repository in transformers’ form, or convert it to safetensors`
  const foreign = found(/\.(pt|ckpt|h5|msgpack|ot|onnx|npz|pdparams|tflite|mlmodel)$/i)
  return foreign === undefined
    ? undefined
    : `${foreign} is in a form that ${title} does not load: convert the model to safetensors`
}

/** What to do about files among which there is no GGUF model, or more than one. */
export function ggufHint(title: string, files: readonly WeightFile[], isNone: boolean): string {
  const paths = files.map(({ path }) => path)
  const part = paths.find((path) =>
    /\.gguf(\.part\d+of\d+|-split-[a-z]+|\.part[-_]?[a-z\d]+|\.\d{3})$/i.test(path),
  )
  if (part !== undefined)
    return `${part} is a piece of one file: join the pieces in their order (\`cat\`) into one that ends in .gguf`
  if (!isNone && paths.every((path) => /[-_.]\d+[-_.]?of[-_.]?\d+\.gguf$/i.test(path)))
    return 'shards of one model must be named NAME-00001-of-00002.gguf and so on, since the server finds the others by these names'
  if (!isNone)
    return 'choose one with `include`, such as ["*Q4_K_M*.gguf"]; a projector that belongs to it needs a pattern of its own, and a draft model or a second one goes into `parts`'
  if (paths.some((path) => isGguf(path) && isProjectorName(path)))
    return 'a projector alone is no model: take the GGUF of the model as well'
  if (paths.some((path) => /(^|\/)ggml-[^/]*\.bin$|\.ggml[^/]*\.bin$/i.test(path)))
    return 'this is the form of ggml from before GGUF, which servers do not read any more: take the model as GGUF'
  return `${title} loads GGUF only; name a repository or file in that format`
}
