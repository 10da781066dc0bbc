import { parseArgs } from 'node:util'
import type { EngineDefinition } from '../../images/engines/engine.ts'
import { findEngine } from '../../images/engines/engines.ts'
import { MemoryError } from '../../images/memory/error.ts'
import { customGpu, findGpu, type Gpu } from '../../images/memory/gpus.ts'
import type { MemoryRequest } from '../../images/memory/request.ts'
import { parseBytes } from '../../lib/bytes.ts'
import { messageOf } from '../../lib/error.ts'
import { nearestName } from '../../lib/suggest.ts'
import { engineIds } from '../../recipes/engine-ids.ts'
import { valueProblem } from '../command-line/command.ts'
import { type OptionName, optionValue, parseConfig } from './options.ts'

/** A command line as read: what names the model, and a request that lacks only its facts. */
export interface MemoryArguments {
  model: string | undefined
  configFile: string | undefined
  json: boolean
  engine: EngineDefinition
  request: Omit<MemoryRequest, 'facts'>
}

/** Reads a command line. Throws `bad-request` for unknown options, missing ones and numbers that are none. */
export function readMemoryArguments(argv: readonly string[]): MemoryArguments {
  const { values, positionals, problem } = parse(argv)
  if (problem !== undefined) throw usage(problem)
  const read = readerOf(values)
  const [model, extra] = positionals
  if (extra !== undefined) throw usage(`an argument too many: ${extra}`)
  const configFile = read.text('config')
  if (model === undefined && configFile === undefined) throw usage('neither MODEL nor --config is given')
  const engine = engineOf(read.text('engine'))
  return { model, configFile, json: read.flag('json') === true, engine, request: requestOf(read) }
}

function parse(argv: readonly string[]) {
  try {
    const options = parseConfig()
    const { tokens, ...parsed } = parseArgs({
      args: [...argv],
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    })
    return { ...parsed, problem: valueProblem(tokens, options) }
  } catch (error) {
    throw usage(messageOf(error))
  }
}

function usage(found: string): MemoryError {
  return new MemoryError('bad-request', {
    attempted: 'read the options of `ingot memory`',
    found,
    hint: 'usage: ingot memory MODEL --gpu GPU --engine ENGINE [options]; `ingot memory --help` lists them',
  })
}

type Reader = ReturnType<typeof readerOf>

function readerOf(values: Readonly<Record<string, unknown>>) {
  const text = (name: OptionName): string | undefined => {
    const value = optionValue(values, name)
    return typeof value === 'string' ? value : undefined
  }
  const number = (name: OptionName, convert: (value: string) => number): number | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const result = convert(value)
    if (!Number.isFinite(result)) throw usage(`--${name} "${value}" is not a number`)
    return result
  }
  return {
    text,
    flag: (name: OptionName): true | undefined => (optionValue(values, name) === true ? true : undefined),
    count: (name: OptionName) => number(name, (value) => Number(value.replaceAll(/[,_]/g, ''))),
    bytes: (name: OptionName) => number(name, parseBytes),
    share: (name: OptionName) => number(name, Number),
  }
}

function requestOf(read: Reader): Omit<MemoryRequest, 'facts'> {
  const prefixCaching =
    read.flag('enable-prefix-caching') ?? (read.flag('no-enable-prefix-caching') ? false : undefined)
  return defined({
    engineVersion: read.text('engine-version'),
    gpu: gpuOf(read),
    tp: read.count('tp'),
    pp: read.count('pp'),
    dtype: read.text('dtype'),
    quantization: read.text('quantization'),
    kvCacheDtype: read.text('kv-cache-dtype'),
    mambaSsmDtype: read.text('mamba-ssm-cache-dtype'),
    maxModelLen: read.count('max-model-len'),
    maxNumSeqs: read.count('max-num-seqs'),
    maxNumBatchedTokens: read.count('max-num-batched-tokens'),
    gpuMemoryUtilization: read.share('gpu-memory-utilization'),
    blockSize: read.count('block-size'),
    availableKvBytes: read.bytes('available-kv-bytes'),
    weightsBytes: read.bytes('weights-bytes'),
    weightsBytesPerGpu: read.bytes('weights-bytes-per-gpu'),
    overhead: defined({
      nonTorchBytes: read.bytes('non-torch-bytes'),
      activationBytes: read.bytes('activation-bytes'),
      cudaGraphBytes: read.bytes('cuda-graph-bytes'),
    }),
    enforceEager: read.flag('enforce-eager'),
    prefixCaching,
    hybridKvCache: read.flag('disable-hybrid-kv-cache-manager') ? false : undefined,
    speculativeTokens: read.count('speculative-tokens'),
    swapSpaceBytes: read.bytes('swap-space-bytes'),
    parallel: read.count('parallel'),
    unifiedKv: read.flag('kv-unified'),
    ubatch: read.count('ubatch-size'),
    flashAttention: read.flag('no-flash-attention') ? false : undefined,
    meanTokens: read.count('mean-tokens'),
  })
}

type Defined<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> }

/** Leaves absent members out, as `exactOptionalPropertyTypes` wants. */
function defined<Value extends object>(value: Value): Defined<Value> {
  // Members that were undefined are gone, which TypeScript does not follow through Object.entries.
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Defined<Value>
}

function engineOf(name: string | undefined): EngineDefinition {
  if (name === undefined) throw usage(`--engine is missing: ${engineIds.join(', ')}`)
  const found = findEngine(name)
  if (found) return found
  const near = nearestName(name, engineIds)
  throw usage(`there is no engine "${name}"${near ? `; did you mean ${near}?` : ''}`)
}

/** The card of the catalogue, with the memory that was measured where it is given. */
function gpuOf(read: Reader): Gpu {
  const name = read.text('gpu')
  const memoryBytes = read.bytes('gpu-memory-bytes')
  if (name === undefined && memoryBytes === undefined && read.bytes('available-kv-bytes') === undefined)
    throw usage('--gpu is missing')
  if (name === undefined) return customGpu('a GPU that is not named', memoryBytes ?? 0)
  try {
    const gpu = findGpu(name)
    return memoryBytes === undefined ? gpu : { ...gpu, memoryBytes, memoryTrust: 'logged' }
  } catch (error) {
    if (memoryBytes !== undefined) return customGpu(name, memoryBytes)
    throw error
  }
}
