import { isGguf, isGgufModel, isProjectorName } from '../../recipes/model-facts/gguf-files.ts'
import { isMistral } from '../../recipes/model-facts/mistral.ts'
import { isModelWeights, placeOf, weightName } from '../../recipes/weight-names.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import type { Deployment, Refusal } from './engine.ts'

type GgufFiles = Pick<Deployment, 'files' | 'gguf'>

/** GGUF models among files: single files and first shards, without projectors; the one that the lock names, if it does. */
export function ggufModels({ files, gguf }: GgufFiles): WeightFile[] {
  const named = files.filter(({ path }) => path === gguf?.file)
  return named.length > 0 ? named : files.filter(({ path }) => isGgufModel(path) && path !== gguf?.projector)
}

/** What turns images or sound into embeddings, where one lies beside the model; locks from before it was noted have its name. */
export function ggufProjector({ files, gguf }: GgufFiles): WeightFile | undefined {
  return files.find(({ path }) =>
    gguf?.projector === undefined ? isProjectorName(path) : path === gguf.projector,
  )
}

/** Refuses weights in a form the engine does not load, and folders that lack what loading needs. */
export function formatRefusals(deployment: Deployment): Refusal[] {
  const { recipe, engine } = deployment
  return [
    ...(engine.formats.includes('gguf') ? ggufRefusals(deployment) : folderRefusals(deployment)),
    ...(engine.weights.type === 'store' || recipe.serving.ollamaTemplate === undefined
      ? []
      : [
          {
            path: 'serving.ollamaTemplate',
            found: `${engine.title} runs the chat template that the model brings, which is written in Jinja`,
            hint: 'leave serving.ollamaTemplate out',
          },
        ]),
  ]
}

function ggufRefusals(deployment: Deployment): Refusal[] {
  const { files, engine } = deployment
  const models = ggufModels(deployment)
  if (models.length === 1) return []
  const isNone = models.length === 0
  return [
    {
      path: 'weights.source',
      found: isNone
        ? `no .gguf file${files.some(({ path }) => isGguf(path)) ? ' of a model' : ''} among ${listed(files)}`
        : `${models.length} GGUF models: ${listed(models)}`,
      hint: isNone
        ? `${engine.title} loads GGUF only; name a repository or file in that format`
        : 'choose one with `include`, such as ["*Q4_K_M*.gguf"]; a projector that belongs to it needs a pattern of its own',
    },
  ]
}

/** Vocabularies of all kinds: of tokenizers, tiktoken, SentencePiece and WordPiece, and code that brings its own. */
const tokenizer =
  /^(tokenizer\.json|tekken\.json|vocab\.(json|txt|bpe)|[^/]+\.(model|spm|tiktoken)|tokenizer\.model\.v\d+\w*|tokenization_\w+\.py)$/

/** Arguments with which a server takes no tokenizer of the model's folder. */
const otherTokenizer = /^--(tokenizer|skip[-_]tokenizer[-_]init)(=|$)/

/** What a part of a model is called where it is missing, and the files that are it. */
interface NeededPart {
  name: string
  isPart(path: string): boolean
}

function neededParts({ engine: { formats }, recipe, files }: Deployment): NeededPart[] {
  const paths = files.map(({ path }) => path)
  const isOwnForm = formats.includes('mistral') && isMistral(paths)
  const weights = formats.includes('pytorch') ? 'a .safetensors or .bin file' : 'a .safetensors file'
  const hasTokenizer = recipe.serving.extraArguments.some((argument) => otherTokenizer.test(argument))
  return [
    { name: weights, isPart: (path) => isModelWeights(path, formats) },
    ...(isOwnForm ? [] : [{ name: 'config.json', isPart: (path: string) => path === 'config.json' }]),
    ...(hasTokenizer ? [] : [{ name: 'a tokenizer', isPart: (path: string) => tokenizer.test(path) }]),
  ]
}

/** The root of the model's folder must have it all: loaders do not look into folders below. */
function folderRefusals(deployment: Deployment): Refusal[] {
  const { files } = deployment
  const paths = files.map(({ path }) => path)
  const missing = neededParts(deployment).filter(
    ({ isPart }) => !paths.some((path) => !path.includes('/') && isPart(path)),
  )
  const elsewhere = missing.flatMap(({ isPart }) => paths.find((path) => isPart(placeOf(path).name)) ?? [])
  if (missing.length === 0) return codeRefusals(deployment)
  const places = elsewhere.length > 0 ? ` (there is ${elsewhere.join(', ')} in a folder below)` : ''
  return [
    {
      path: 'weights.source',
      found: `without ${missing.map(({ name }) => name).join(', ')}${places}: ${listed(files)}`,
      hint: hintFor(deployment, elsewhere),
    },
  ]
}

function hintFor({ files, engine }: Deployment, elsewhere: readonly string[]): string {
  const { title } = engine
  const paths = files.map(({ path }) => path)
  const isAdapter = (path: string) => weightName(path)?.stem === 'adapter_model'
  const snapshot = paths.map((path) => /^(?:models--[^/]+\/)?snapshots\/[^/]+/.exec(path)?.[0]).find(Boolean)
  if (snapshot !== undefined)
    return `this is a folder of the Hub’s cache: name its snapshot, PATH/${snapshot}`
  if (paths.some(isAdapter) && !paths.some((path) => isModelWeights(path, engine.formats)))
    return 'this is an adapter without its model: name the repository of the model, and put the adapter beside it in a folder'
  if (paths.some(isGguf) && !paths.some((path) => isModelWeights(path, engine.formats)))
    return `${title} does not load GGUF here; use llama-cpp or ollama, or the model's safetensors repository`
  if (elsewhere.length > 0)
    return `${title} looks in the folder that weights.source names, and not below it: put all parts of one model there`
  if (paths.some((path) => isModelWeights(path, ['pytorch'])) && !engine.formats.includes('pytorch'))
    return `${title} does not load .bin here; use vllm or sglang, or a safetensors version of the model`
  return `${title} loads a folder of transformers: config.json, tokenizer and .safetensors files`
}

const trust = /^--trust[-_]remote[-_]code(=(?!false)|$)/i

/** Code of another repository is asked for when the model is loaded, and an image has no network. */
function codeRefusals({ facts, recipe }: Deployment): Refusal[] {
  const foreign = facts?.foreignCode ?? []
  if (foreign.length === 0 || !recipe.serving.extraArguments.some((argument) => trust.test(argument)))
    return []
  return [
    {
      path: 'weights.source',
      found: `auto_map in its configuration names code of ${foreign.join(', ')}, which a server without a network cannot get`,
      hint: 'copy that code beside the model and name it in auto_map without `OWNER/NAME--`; or leave out --trust-remote-code where the engine knows the architecture',
    },
  ]
}

/** A GGUF's quantisation is fixed: the recipe can only say what it expects. */
export function ggufQuantizationRefusals({ recipe, gguf }: Deployment): Refusal[] {
  const asked = recipe.serving.quantization
  const found = gguf?.fileType ?? undefined
  if (asked === undefined || found === undefined || asked.toLowerCase() === found.toLowerCase()) return []
  return [
    {
      path: 'serving.quantization',
      found: `the file is ${found}, the recipe says ${asked}`,
      hint: 'choose the file with `include`, or correct serving.quantization',
    },
  ]
}

function listed(files: readonly WeightFile[]): string {
  const names = files.map(({ path }) => path)
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ')
}
