import { GGMLQuantizationType } from '@huggingface/gguf'
import { modelFolderOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import { optional } from '../../lib/optional.ts'
import type { Lock } from '../../recipes/lock.ts'
import { type LockedFile, type LockedWeights, wholeFiles } from '../../recipes/locked-weights.ts'
import { ggufShards } from '../../recipes/model-facts/gguf-files.ts'
import {
  madeBy,
  type QuantizationWish,
  type QuantizedSource,
  quantizedName,
  weightsAtSource,
} from '../../recipes/quantization.ts'
import { ggufModelsAmong } from '../../recipes/weight-contents.ts'
import { setDigestOf, sortFiles } from '../../recipes/weights.ts'
import type { Client } from '../process/session.ts'
import { openQuantizedFile, type QuantizerContext, quantize } from '../quantize/quantize.ts'
import { resolveTool } from '../quantize/tool.ts'
import { closeStore, openStore } from '../store/open.ts'
import { WeightsError } from '../weights/error.ts'
import { openWeights } from '../weights/inventory.ts'
import type { SourceContext } from '../weights/source.ts'
import { readModelFacts } from './model-facts.ts'
import { ggufHeader } from './model-ranges.ts'
import type { LoadedRecipe } from './recipe-files.ts'
import { lockWeights, type SetQuestion, withParts } from './weights.ts'

interface QuantizingContext {
  settings: { storeFolder: string }
  engine(): Promise<Client>
  note?: (text: string) => void
  source: SourceContext
}

/**
 * The weights of a recipe that quantises: those of its source are locked as ever, and the file is made, for its hash and size are
 * what a lock pins. What the lock has of the same source, text and type stays. Throws as `lockWeights` and `quantize`, and `refused`
 * for a source that has not one GGUF model.
 */
export async function lockQuantized(
  loaded: LoadedRecipe,
  asked: Omit<SetQuestion, 'kept'> & { kept: Lock | undefined },
  context: QuantizingContext,
): Promise<Pick<Lock, 'weights' | 'model' | 'gguf'>> {
  const { kept, request, renewal } = asked
  const { source } = context
  const before = kept && { weights: weightsAtSource(kept.weights), facts: {} }
  const question = { ...asked, request: { ...request, maxLayerBytes: undefined }, kept: before }
  const { weights: found } = await lockWeights({ ...question, readFacts: async () => ({}) }, source)
  const from = { ...found, files: wholeFiles(found.files) }
  const store = await openStore(context.settings.storeFolder)
  try {
    const { recipe } = loaded
    const { note = () => undefined, engine } = context
    const making = { store, engine, platform: recipe.image.platform, source, note }
    const made = keptOf(loaded, from, kept) ?? (await make(loaded, from, making))
    const opening: SourceContext = {
      ...source,
      formats: engineOf(asked.engine).formats,
      makeQuantized: (made, file) =>
        openQuantizedFile(made, file, { ...making, modelFolder: modelFolderOf(recipe) }),
    }
    if (kept !== undefined && kept.weights.setDigest === made.setDigest && !renewal.parts)
      return { weights: { ...kept.weights, source: made.source }, ...factsOf(kept) }
    const told = await withTensors(made, opening)
    const weights = await withParts(told, request.maxLayerBytes, opening)
    return { weights, ...(await readModelFacts(weights, opening)) }
  } finally {
    await closeStore(store)
  }
}

function factsOf({ model, gguf }: Lock): Pick<Lock, 'model' | 'gguf'> {
  return { ...optional('model', model), ...optional('gguf', gguf) }
}

/** What an earlier lock made of the same files, in the same way. */
function keptOf(loaded: LoadedRecipe, from: LockedWeights, kept: Lock | undefined): MadeWeights | undefined {
  const source = kept?.weights.source
  const { quantize: asked } = loaded.recipe.weights
  if (kept === undefined || source?.type !== 'quantized' || asked === undefined) return undefined
  const isSame =
    source.to === asked.to &&
    source.requantize === asked.requantize &&
    source.imatrix?.path === asked.imatrix &&
    source.imatrix?.sha256 === loaded.calibration?.sha256 &&
    source.from.setDigest === from.setDigest
  const files = wholeFiles(kept.weights.files)
  return isSame ? madeWeights(from, { ...source, from: outerSet(from) }, files) : undefined
}

/** Weights whose source says how they were made. */
type MadeWeights = LockedWeights & { source: QuantizedSource }

async function make(
  { recipe, calibration }: LoadedRecipe,
  from: LockedWeights,
  making: QuantizerContext,
): Promise<MadeWeights> {
  const { quantize: asked } = recipe.weights
  if (asked === undefined) throw new Error('the recipe does not quantise')
  const model = modelOf(recipe.name, from)
  const path = quantizedName(model, asked.to)
  const tool = await resolveTool(await making.engine(), making.platform)
  const order = { ...wishOf(asked), from: outerSet(from), model, tool }
  const place = { path, modelFolder: modelFolderOf(recipe) }
  const { matrixSha256, fellBack, ...file } = await quantize(
    { ...order, imatrix: calibration },
    place,
    making,
  )
  const matrix = calibration && matrixSha256 !== undefined ? { ...calibration, matrixSha256 } : undefined
  const source = {
    type: 'quantized' as const,
    ...order,
    ...optional('imatrix', matrix),
    tensors: [],
    fellBack,
  }
  const shards = ggufShards(model)
  const beside = from.files.filter((one) => !shards.includes(one.path))
  return madeWeights(from, source, [...beside, { path, ...file }])
}

function wishOf({ to, requantize }: QuantizationWish): Pick<QuantizationWish, 'to' | 'requantize'> {
  return { to, requantize }
}

function outerSet({ source, files, setDigest }: LockedWeights): QuantizedSource['from'] {
  if (source.type === 'quantized') throw new Error('these weights were quantised already')
  return { source, files, setDigest }
}

function madeWeights(
  from: LockedWeights,
  source: QuantizedSource,
  files: readonly LockedFile[],
): MadeWeights {
  const sorted = sortFiles(files)
  return { ...from, source, files: sorted, setDigest: setDigestOf(sorted) }
}

function modelOf(name: string, { files }: LockedWeights): string {
  const paths = files.map(({ path }) => path)
  const [model, second] = ggufModelsAmong(paths, { gguf: new Map() })
  if (model !== undefined && second === undefined) return model
  throw new WeightsError('refused', {
    attempted: `quantise the weights of ${name}`,
    found:
      model === undefined
        ? `no GGUF among ${paths.slice(0, 8).join(', ')}`
        : `${model} and ${second} are models, and one is made of one`,
    hint:
      model === undefined
        ? 'make one of safetensors first: `python convert_hf_to_gguf.py FOLDER --outtype f16 --outfile model-f16.gguf` of llama.cpp, and name its folder as weights.source; many repositories have one ready, such as NAME-GGUF'
        : 'take one GGUF of a higher precision by `include` of weights.source',
  })
}

/** Types of the tensors of the file that was made: what the name of its type says is only what most of them have. */
async function withTensors(made: MadeWeights, context: SourceContext): Promise<MadeWeights> {
  const file = made.files.find(madeBy(made.source))
  if (file === undefined) return made
  const opened = await openWeights(made, context)
  try {
    const { tensorInfos } = await ggufHeader(opened, file)
    return { ...made, source: { ...made.source, tensors: countTypes(tensorInfos.map(({ dtype }) => dtype)) } }
  } finally {
    await opened.close()
  }
}

function countTypes(types: readonly number[]): QuantizedSource['tensors'] {
  const names = types.map((type) => GGMLQuantizationType[type] ?? `type ${type}`)
  return [...new Set(names)]
    .sort()
    .map((type) => ({ type, count: names.filter((name) => name === type).length }))
}
