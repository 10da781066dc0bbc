import { isGguf, isGgufModel, isProjectorName } from '../../recipes/model-facts/gguf-files.ts'
import { isMistral } from '../../recipes/model-facts/mistral.ts'
import { isModelWeights, placeOf, weightName } from '../../recipes/weight-names.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import { drafterRefusals } from './drafters.ts'
import type { Deployment, Refusal } from './engine.ts'
import { folderHint, ggufHint } from './weight-hints.ts'

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
    ...drafterRefusals(deployment),
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
      hint: ggufHint(engine.title, isNone ? files : models, isNone),
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
    // The loaders' patterns tell capital letters from small ones.
    { name: weights, isPart: (path) => isModelWeights(path, formats) && /\.(safetensors|bin)$/.test(path) },
    ...(isOwnForm ? [] : [{ name: 'config.json', isPart: (path: string) => path === 'config.json' }]),
    ...(hasTokenizer ? [] : [tokenizerPart(paths)]),
  ]
}

/** A vocabulary in JSON is half of a tokenizer of byte pairs: `merges.txt` is the other. */
function tokenizerPart(paths: readonly string[]): NeededPart {
  const isPart = (path: string) =>
    tokenizer.test(path) && (path !== 'vocab.json' || paths.some((one) => placeOf(one).name === 'merges.txt'))
  const isHalf = paths.includes('vocab.json') && !paths.some(isPart)
  return { name: isHalf ? 'merges.txt beside vocab.json' : 'a tokenizer', isPart }
}

/** The root of the model's folder must have it all: loaders do not look into folders below. */
function folderRefusals(deployment: Deployment): Refusal[] {
  const { files, engine } = deployment
  const paths = files.map(({ path }) => path)
  const missing = neededParts(deployment).filter(
    ({ isPart }) => !paths.some((path) => !path.includes('/') && isPart(path)),
  )
  if (missing.length === 0)
    return [
      ...shadowRefusals(deployment),
      ...codeRefusals(deployment),
      ...namedWeightRefusals(deployment),
      ...packingRefusals(deployment),
    ]
  const below = missing.flatMap(({ isPart }) => paths.find((path) => isPart(placeOf(path).name)) ?? [])
  const other = missing.flatMap(({ isPart }) => paths.find((path) => isInOtherLetters(path, isPart)) ?? [])
  const places = below.length > 0 ? ` (there is ${below.join(', ')} in a folder below)` : ''
  return [
    {
      path: 'weights.source',
      found: `without ${missing.map(({ name }) => name).join(', ')}${places}: ${listed(files)}`,
      hint: folderHint(engine, paths, { below, other, isAllBelow: below.length === missing.length }),
    },
  ]
}

function isInOtherLetters(path: string, isPart: (path: string) => boolean): boolean {
  const small = path.toLowerCase()
  return !path.includes('/') && path !== small && isPart(small)
}

/** The loaders of vLLM and SGLang ask for `*.safetensors` first and for `*.bin` only where there is none (`_prepare_weights`). */
function shadowRefusals({ files, engine }: Deployment): Refusal[] {
  const root = files.map(({ path }) => path).filter((path) => !path.includes('/'))
  const model = root.find((path) => path.endsWith('.bin') && weightName(path)?.stem === 'model')
  const first = root.find((path) => path.endsWith('.safetensors'))
  if (!engine.formats.includes('pytorch') || model === undefined || first === undefined) return []
  return [
    {
      path: 'weights.source',
      found: `${engine.title} reads no .bin where a .safetensors lies beside it: ${first} hides ${model}`,
      hint: `leave ${first} out with \`exclude\`, or take the model as safetensors; an adapter has its place in \`parts\``,
    },
  ]
}

const trust = /^--trust[-_]remote[-_]code(=(?!false)|$)/i

function trustsCode({ recipe }: Deployment): boolean {
  return recipe.serving.extraArguments.some((argument) => trust.test(argument))
}

/** Code is asked for when the model is loaded, and an image has no network. */
function codeRefusals(deployment: Deployment): Refusal[] {
  if (!trustsCode(deployment)) return []
  const { foreignCode = [], missingCode = [] } = deployment.facts ?? {}
  const foreign = `auto_map in its configuration names code of ${foreignCode.join(', ')}, which a server without a network cannot get`
  const missing = `its configuration names code that is not among the files: ${missingCode.join(', ')}`
  return [
    ...codeRefusal(
      foreignCode,
      foreign,
      'copy that code beside the model and name it in auto_map without `OWNER/NAME--`; or leave out --trust-remote-code where the engine knows the architecture',
    ),
    ...codeRefusal(
      missingCode,
      missing,
      'take the *.py files as well, with `include` where the recipe has it; or leave out --trust-remote-code where the engine knows the architecture',
    ),
  ]
}

function codeRefusal(names: readonly string[], found: string, hint: string): Refusal[] {
  return names.length === 0 ? [] : [{ path: 'weights.source', found, hint }]
}

/** A volume of the Hub's cache may hold them; an image with the model alone does not. */
function namedWeightRefusals({ facts, recipe, engine }: Deployment): Refusal[] {
  const names = facts?.foreignWeights ?? []
  if (names.length === 0 || recipe.weights.delivery === 'hf-cache') return []
  return [
    {
      path: 'weights.source',
      found: `config.json names weights of ${names.join(', ')}, which ${engine.title} gets when it loads the model, and a server without a network cannot`,
      hint: 'put them into a folder beside the model and write its place in the image there; a model that drafts for another goes into `parts` of that model',
    },
  ]
}

/** Without `--quantization` the loaders of vLLM and SGLang and the launcher of TGI look for the packing in config.json alone. */
function packingRefusals({ facts, recipe, engine }: Deployment): Refusal[] {
  const file = facts?.packingFile
  if (file === undefined || recipe.serving.quantization !== undefined) return []
  return [
    {
      path: 'weights.source',
      found: `${file} says how the weights are packed and config.json does not, so ${engine.title} takes them for plain ones`,
      hint: `set serving.quantization to the method (${file === 'quant_config.json' ? 'awq' : 'gptq'}), or write the settings as quantization_config into config.json`,
    },
  ]
}

/** Code that a model brings and that stays unread: a loader that needs it ends at the start. */
export function codeDoubts(deployment: Deployment): string[] {
  const own = deployment.facts?.ownCode ?? []
  return own.length === 0 || trustsCode(deployment)
    ? []
    : [
        `the model brings code of its own (${own.join(', ')}), which runs only with --trust-remote-code in serving.extraArguments; without it the server itself must know architecture and tokenizer`,
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
