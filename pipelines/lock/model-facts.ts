import { GGMLFileQuantizationType } from '@huggingface/gguf'
import { IngotError, messageOf } from '../../lib/error.ts'
import { optional } from '../../lib/optional.ts'
import { parsePythonJson } from '../../lib/python-json.ts'
import type { GgufFacts } from '../../recipes/gguf-facts.ts'
import type { Lock } from '../../recipes/lock.ts'
import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import { folderFactsOf } from '../../recipes/model-facts/folder.ts'
import { factsFromGguf, type GgufTensor } from '../../recipes/model-facts/gguf.ts'
import { ggufShards } from '../../recipes/model-facts/gguf-files.ts'
import { configOfParams, isConsolidatedShard, isMistral } from '../../recipes/model-facts/mistral.ts'
import { isPackedUntold, namedWeights, packingFiles } from '../../recipes/model-facts/named-weights.ts'
import { codeConfigs, missingCode, namedCode } from '../../recipes/model-facts/own-code.ts'
import { factsFromWhisper, whisperHeaderBytes } from '../../recipes/model-facts/whisper.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import { poolings } from '../../recipes/tasks.ts'
import { type GgufKind, ggufKindOf, ggufModelsAmong, projectorOf } from '../../recipes/weight-contents.ts'
import { isGgmlModel } from '../../recipes/weight-names.ts'
import { StageError } from '../error.ts'
import { factsFromFiles, isWeightShard } from '../model-reader/facts.ts'
import { openWeights } from '../weights/inventory.ts'
import { formatsOf, type OpenWeights, type SourceContext } from '../weights/source.ts'
import { type HeadersByPath, incomplete, type ReadContents, requireWholeGguf } from './completeness.ts'
import { ggufHeader, readModelRange, safetensorsHeader } from './model-ranges.ts'

/** What was read of weights before their facts: headers by path, and what names do not tell. */
export interface EarlierReading {
  headers: HeadersByPath
  contents: Pick<ReadContents, 'gguf'>
}

const nothingRead: EarlierReading = { headers: new Map(), contents: { gguf: new Map() } }

/**
 * What headers and configuration of locked weights say of the model, read from their source by range. No tensor is read.
 * Of files in several formats those count that the engine loads. Empty for a choice of several models, which the plan
 * refuses, and for formats without a header. Throws `refused` for a GGUF file that was cut.
 */
export async function readModelFacts(
  weights: LockedWeights,
  context: SourceContext,
  before: EarlierReading = nothingRead,
): Promise<Pick<Lock, 'model' | 'gguf' | 'folder'>> {
  const source = await openWeights(weights, context)
  try {
    const paths = weights.files.map((file) => file.path)
    const [model, second] = ggufModelsAmong(paths, before.contents)
    const isFolder = paths.includes('config.json') || isMistral(paths)
    const loadsGguf = formatsOf(context).includes('gguf') || !isFolder
    if (loadsGguf && model !== undefined && second === undefined)
      return await fromGguf({ source, files: weights.files, contents: before.contents }, model)
    if (formatsOf(context).includes('ggml')) return await fromGgml(source, weights.files)
    return isFolder ? await fromFolder(source, weights.files, before.headers) : {}
  } catch (cause) {
    if (cause instanceof IngotError) throw cause
    throw new StageError('engine-failed', {
      attempted: 'read the headers of the weights',
      found: messageOf(cause),
      hint: 'check that the files are complete; the weights source names them',
      cause,
    })
  } finally {
    await source.close()
  }
}

/** Nothing for a choice of several models. Throws `refused` for a file that is not in this form. */
async function fromGgml(source: OpenWeights, files: readonly LockedFile[]): Promise<Pick<Lock, 'model'>> {
  const [file, second] = files.filter(({ path }) => isGgmlModel(path))
  if (file === undefined || second !== undefined) return {}
  const model = factsFromWhisper(await readModelRange(source, file, 0, whisperHeaderBytes))
  if (model === undefined)
    throw incomplete([`${file.path} does not begin as a Whisper model in the form of ggml does`])
  return { model }
}

interface GgufSources {
  source: OpenWeights
  files: readonly LockedFile[]
  contents: Pick<ReadContents, 'gguf'>
}

async function fromGguf(
  { source, files, contents }: GgufSources,
  first: string,
): Promise<Pick<Lock, 'model' | 'gguf'>> {
  const tensors: GgufTensor[] = []
  let facts: GgufFacts | undefined
  let metadata: Record<string, unknown> | undefined
  for (const shard of ggufShards(first)) {
    const file = fileNamed(files, shard)
    const parsed = await ggufHeader(source, file)
    requireWholeGguf(file, parsed)
    metadata ??= { ...parsed.metadata }
    const kind = ggufKindOf(metadata)
    if (kind !== 'model')
      throw incomplete([`${shard} is ${kindWords[kind]} by its header, and no model is beside it`])
    if (typeof metadata['general.architecture'] !== 'string')
      throw incomplete([`${first} names no architecture in its header, so no engine knows what to load`])
    facts ??= { ...chatFacts(metadata, parsed.parameterCount), ...partsOf(files, contents, first) }
    tensors.push(...parsed.tensorInfos.map(({ name, shape, dtype }) => ({ name, shape, dtype })))
  }
  const projector = files.find(({ path }) => path === facts?.projector)
  if (projector !== undefined) await requireProjector(source, projector)
  if (facts === undefined) return {}
  return { gguf: facts, model: factsFromGguf(metadata ?? {}, tensors) }
}

/** llama.cpp ends at the start with a projector that is something else. */
async function requireProjector(source: OpenWeights, file: LockedFile): Promise<void> {
  const header = await ggufHeader(source, file)
  const kind = ggufKindOf({ ...header.metadata })
  if (kind !== 'projector')
    throw incomplete([`${file.path} has the name of a projector, and is ${kindWords[kind]} by its header`])
  requireWholeGguf(file, header)
}

const kindWords: Record<GgufKind, string> = {
  model: 'a model',
  projector: 'a projector',
  imatrix: 'an importance matrix',
  adapter: 'an adapter',
  'control vector': 'a control vector',
}

/** Which file is what, where names alone do not tell it. */
function partsOf(
  files: readonly LockedFile[],
  contents: Pick<ReadContents, 'gguf'>,
  model: string,
): Pick<GgufFacts, 'file' | 'projector'> {
  const projector = projectorOf(
    files.map(({ path }) => path),
    { ...contents, patterns: {} },
  )
  return {
    ...(contents.gguf.size > 0 ? { file: model } : {}),
    ...(projector === undefined ? {} : { projector }),
  }
}

function chatFacts(metadata: Readonly<Record<string, unknown>>, parameterCount: number): GgufFacts {
  const tokens = metadata['tokenizer.ggml.tokens']
  const token = (key: string) => (Array.isArray(tokens) ? tokens[Number(metadata[key])] : undefined)
  const addsBos = metadata['tokenizer.ggml.add_bos_token']
  return {
    architecture: String(metadata['general.architecture']),
    parameterCount,
    fileType: GGMLFileQuantizationType[Number(metadata['general.file_type'])] ?? null,
    ...text('chatTemplate', metadata['tokenizer.chat_template']),
    ...text('bosToken', token('tokenizer.ggml.bos_token_id')),
    ...text('eosToken', token('tokenizer.ggml.eos_token_id')),
    ...(typeof addsBos === 'boolean' ? { addsBos } : {}),
    ...poolingFact(metadata),
  }
}

/** Numbers as llama.cpp's header has them, from 0 on. */
function poolingFact(metadata: Readonly<Record<string, unknown>>): Pick<GgufFacts, 'pooling'> {
  const number = metadata[`${metadata['general.architecture']}.pooling_type`]
  const pooling = number === undefined ? undefined : poolings[Number(number)]
  return pooling === undefined ? {} : { pooling }
}

function text(key: 'chatTemplate' | 'bosToken' | 'eosToken', value: unknown): Partial<GgufFacts> {
  return typeof value === 'string' ? { [key]: value } : {}
}

async function fromFolder(
  source: OpenWeights,
  files: readonly LockedFile[],
  before: HeadersByPath,
): Promise<Pick<Lock, 'model' | 'folder'>> {
  const textOf = async (path: string) => {
    const file = files.find((item) => item.path === path)
    return file === undefined
      ? undefined
      : Buffer.from(await readModelRange(source, file, 0, file.sizeBytes)).toString('utf8')
  }
  const mistral = isMistral(files.map(({ path }) => path))
  const shards = files.filter(({ path }) => (mistral ? isConsolidatedShard(path) : isWeightShard(path)))
  const configText = mistral ? configOfParams(await textOf('params.json')) : await textOf('config.json')
  const quantText = await textOf('hf_quant_config.json')
  // Begun where they are awaited: one that fails alone would end the process.
  const headers = await Promise.all(
    shards.map(
      async (file) => before.get(file.path)?.header ?? (await safetensorsHeader(source, file)).header,
    ),
  )
  const model = factsFromFiles({ label: 'the weights', configText, quantText, headers })
  const readJson = async (path: string) => parsed(await textOf(path))
  const code = namedCode(await Promise.all(codeConfigs.map(readJson)))
  const config = parsed(configText)
  const packingFile = packingFiles.find((name) => files.some(({ path }) => path === name))
  const facts = {
    model: {
      ...model,
      ...listed('foreignCode', code.foreign),
      ...listed('ownCode', code.own),
      ...listed('missingCode', await missingCode(code.own, textOf)),
      ...listed('foreignWeights', namedWeights(config)),
      ...optional('packingFile', isPackedUntold(config, headers) ? packingFile : undefined),
    },
  }
  // What Mistral's own form chats by is code of its tokenizer.
  if (mistral) return facts
  return { ...facts, folder: await folderFactsOf(readJson, await textOf('chat_template.jinja')) }
}

function listed(key: ListedFact, names: string[]): Partial<ModelFacts> {
  return names.length > 0 ? { [key]: names } : {}
}

type ListedFact = 'foreignCode' | 'ownCode' | 'missingCode' | 'foreignWeights'

function parsed(text: string | undefined): unknown {
  return text === undefined ? undefined : parsePythonJson(text)
}

function fileNamed(files: readonly LockedFile[], path: string): LockedFile {
  const file = files.find((item) => item.path === path)
  if (file) return file
  throw new Error(`shard ${path} is missing`)
}
