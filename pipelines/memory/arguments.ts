import type { EngineDefinition } from '../../images/engines/engine.ts'
import { findEngine } from '../../images/engines/engines.ts'
import { customGpu, findGpu, type Gpu } from '../../images/memory/gpus.ts'
import type { MemoryRequest } from '../../images/memory/request.ts'
import { nearestName } from '../../lib/suggest.ts'
import { engineIds } from '../../recipes/engine-ids.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Values } from '../command-line/option-table.ts'
import type { StageError } from '../error.ts'
import { memoryTable } from './options.ts'

/** A command line as read: what names the model, and a request that lacks only its facts. */
export interface MemoryArguments {
  model: string | undefined
  configFile: string | undefined
  drafter: string | undefined
  json: boolean
  engine: EngineDefinition
  request: Omit<MemoryRequest, 'facts'>
}

type MemoryValues = Values<typeof memoryTable>

/** Reads a command line. Throws `usage` for one that its table does not take, and for what is missing or not known. */
export function readMemoryArguments(argv: readonly string[]): MemoryArguments {
  const { values, positionals } = readArguments(argv, memoryTable)
  const [model] = positionals
  const configFile = values.config
  if (model === undefined && configFile === undefined) throw usage('neither MODEL nor --config is given')
  const engine = engineOf(values.engine)
  return { model, configFile, drafter: values.drafter, json: values.json, engine, request: requestOf(values) }
}

function usage(found: string): StageError {
  return usageError('memory', found)
}

function requestOf(values: MemoryValues): Omit<MemoryRequest, 'facts'> {
  return defined({
    engineVersion: values['engine-version'],
    gpu: gpuOf(values),
    ...ranksOf(values),
    dtype: values.dtype,
    quantization: values.quantization,
    maxModelLen: values['max-model-len'],
    ...batchOf(values),
    ...cacheOf(values),
    ...bytesOf(values),
    meanTokens: values['mean-tokens'],
  })
}

function ranksOf(values: MemoryValues) {
  const { tp, pp, dp, dcp } = values
  return { tp, pp, dp, dcp, stageLayers: stagesOf(values['pp-layers']) }
}

function batchOf(values: MemoryValues) {
  return {
    maxNumSeqs: values['max-num-seqs'],
    maxNumBatchedTokens: values['max-num-batched-tokens'],
    pools: values.pooling || undefined,
    textOnly: values['language-model-only'] || undefined,
    enforceEager: values['enforce-eager'] || undefined,
    speculativeTokens: values['speculative-tokens'],
    parallel: values.parallel,
    ubatch: values['ubatch-size'],
    flashAttention: values['no-flash-attention'] ? false : undefined,
  }
}

function cacheOf(values: MemoryValues) {
  return {
    kvCacheDtype: values['kv-cache-dtype'],
    mambaSsmDtype: values['mamba-ssm-cache-dtype'],
    blockSize: values['block-size'],
    prefixCaching:
      values['enable-prefix-caching'] || (values['no-enable-prefix-caching'] ? false : undefined),
    hybridKvCache: values['disable-hybrid-kv-cache-manager'] ? false : undefined,
    stateSlots: values['state-slots'],
    stateRatio: values['state-ratio'],
    windowRatio: values['window-ratio'],
    swapSpaceBytes: values['swap-space-bytes'],
    unifiedKv: values['kv-unified'] || undefined,
  }
}

/** What a log told. */
function bytesOf(values: MemoryValues) {
  return {
    gpuMemoryUtilization: values['gpu-memory-utilization'],
    availableKvBytes: values['available-kv-bytes'],
    weightsBytes: values['weights-bytes'],
    weightsBytesPerGpu: values['weights-bytes-per-gpu'],
    hostWeightsBytes: values['host-weights-bytes'],
    gpuLayers: values['gpu-layers'],
    hostExpertLayers: values['host-expert-layers'],
    adapterSlots: values['max-loras'],
    adapterRank: values['max-lora-rank'],
    overhead: defined({
      nonTorchBytes: values['non-torch-bytes'],
      activationBytes: values['activation-bytes'],
      cudaGraphBytes: values['cuda-graph-bytes'],
    }),
  }
}

/** "16,32" as numbers. */
function stagesOf(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined
  const layers = text.split(',').map(Number)
  if (layers.every((count) => Number.isInteger(count) && count > 0)) return layers
  throw usage(`--pp-layers ${text} is no list of layers, such as 16,32`)
}

type DefinedMembers<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> }

/** Leaves absent members out, as `exactOptionalPropertyTypes` wants. */
function defined<Value extends object>(value: Value): DefinedMembers<Value> {
  // Members that were undefined are gone, which TypeScript does not follow through Object.entries.
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as DefinedMembers<Value>
}

function engineOf(name: string): EngineDefinition {
  const found = findEngine(name)
  if (found) return found
  const near = nearestName(name, engineIds)
  throw usage(`there is no engine "${name}"${near ? `; did you mean ${near}?` : ''}`)
}

/** The card of the catalogue, with the memory that was measured where it is given. */
function gpuOf(values: MemoryValues): Gpu {
  const name = values.gpu
  const memoryBytes = values['gpu-memory-bytes']
  if (name === undefined && memoryBytes === undefined && values['available-kv-bytes'] === undefined)
    throw usage(
      '--gpu is missing: name the card, such as l4 or h100; `ingot init MODEL` shows what fits which card',
    )
  if (name?.toLowerCase() === 'cpu')
    throw usage(
      'a processor has no memory of its own to be planned; `ingot init MODEL --gpu cpu` and `ingot plan RECIPE` say what a server takes of the host’s',
    )
  if (name === undefined) return customGpu('a GPU that is not named', memoryBytes ?? 0)
  try {
    const gpu = findGpu(name)
    return memoryBytes === undefined ? gpu : { ...gpu, memoryBytes, memoryTrust: 'logged' }
  } catch (error) {
    if (memoryBytes !== undefined) return customGpu(name, memoryBytes)
    throw error
  }
}
