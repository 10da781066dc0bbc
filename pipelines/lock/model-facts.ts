import { GGMLFileQuantizationType, gguf } from '@huggingface/gguf'
import { IngotError, messageOf } from '../../lib/error.ts'
import type { GgufFacts, Lock } from '../../recipes/lock.ts'
import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import { isConfig } from '../../recipes/model-facts/config-value.ts'
import { factsFromGguf, type GgufTensor } from '../../recipes/model-facts/gguf.ts'
import { ggufShards, isGgufModel } from '../../recipes/model-facts/gguf-files.ts'
import type { SafetensorsHeader } from '../../recipes/model-facts/tensors.ts'
import { leastBytesOfGguf, leastBytesOfSafetensors } from '../../recipes/model-facts/whole-file.ts'
import { StageError } from '../error.ts'
import { factsFromFiles, isWeightShard } from '../model-reader/facts.ts'
import { openWeights } from '../weights/inventory.ts'
import type { OpenWeights, SourceContext } from '../weights/source.ts'

/** Longest header that is read; a longer one is no header. */
const mostHeaderBytes = 100 * 1024 ** 2

/**
 * What headers and configuration of locked weights say of the model, read from their source by range. No tensor is read.
 * Empty for a choice of several models, which the plan refuses, and for formats without a header.
 */
export async function readModelFacts(
  weights: LockedWeights,
  context: SourceContext,
): Promise<Pick<Lock, 'model' | 'gguf'>> {
  const source = await openWeights(weights, context)
  try {
    const [model, second] = weights.files.map((file) => file.path).filter(isGgufModel)
    if (model !== undefined && second === undefined) return await fromGguf(source, weights.files, model)
    return weights.files.some((file) => file.path === 'config.json')
      ? await fromFolder(source, weights.files)
      : {}
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

async function fromGguf(
  source: OpenWeights,
  files: readonly LockedFile[],
  first: string,
): Promise<Pick<Lock, 'model' | 'gguf'>> {
  const tensors: GgufTensor[] = []
  let facts: GgufFacts | undefined
  let metadata: Record<string, unknown> | undefined
  for (const shard of ggufShards(first)) {
    const file = fileNamed(files, shard)
    const parsed = await gguf(`http://weights.invalid/${encodeURI(shard)}`, { fetch: rangesOf(source, file) })
    expectWhole(file, leastBytesOfGguf(parsed))
    metadata ??= { ...parsed.metadata }
    facts ??= chatFacts(metadata, parameterCountOf(parsed.tensorInfos))
    tensors.push(...parsed.tensorInfos.map(({ name, shape, dtype }) => ({ name, shape, dtype })))
  }
  if (facts === undefined) return {}
  return { gguf: facts, model: factsFromGguf(metadata ?? {}, tensors) }
}

function chatFacts(metadata: Readonly<Record<string, unknown>>, parameterCount: number): GgufFacts {
  const tokens = metadata['tokenizer.ggml.tokens']
  const token = (key: string) => (Array.isArray(tokens) ? tokens[Number(metadata[key])] : undefined)
  return {
    architecture: String(metadata['general.architecture']),
    parameterCount,
    fileType: GGMLFileQuantizationType[Number(metadata['general.file_type'])] ?? null,
    ...text('chatTemplate', metadata['tokenizer.chat_template']),
    ...text('bosToken', token('tokenizer.ggml.bos_token_id')),
    ...text('eosToken', token('tokenizer.ggml.eos_token_id')),
  }
}

function parameterCountOf(tensors: readonly Pick<GgufTensor, 'shape'>[]): number {
  const counts = tensors.map(({ shape }) =>
    shape.reduce((product: number, size) => product * Number(size), 1),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

function text(key: 'chatTemplate' | 'bosToken' | 'eosToken', value: unknown): Partial<GgufFacts> {
  return typeof value === 'string' ? { [key]: value } : {}
}

async function fromFolder(source: OpenWeights, files: readonly LockedFile[]): Promise<Pick<Lock, 'model'>> {
  const textOf = async (path: string) => {
    const file = files.find((item) => item.path === path)
    return file === undefined
      ? undefined
      : Buffer.from(await readRange(source, file, 0, file.sizeBytes)).toString('utf8')
  }
  const shards = files.filter((file) => isWeightShard(file.path))
  return {
    model: factsFromFiles({
      label: 'the weights',
      configText: await textOf('config.json'),
      quantText: await textOf('hf_quant_config.json'),
      headers: await Promise.all(shards.map((file) => safetensorsHeader(source, file))),
    }),
  }
}

/** A safetensors header: its length as u64, then JSON. */
async function safetensorsHeader(source: OpenWeights, file: LockedFile): Promise<SafetensorsHeader> {
  const head = Buffer.from(await readRange(source, file, 0, 8))
  const lengthBytes = head.length === 8 ? Number(head.readBigUInt64LE()) : 0
  if (lengthBytes === 0 || lengthBytes > mostHeaderBytes)
    throw new Error(`${file.path} has no safetensors header`)
  const header: unknown = JSON.parse(
    Buffer.from(await readRange(source, file, 8, lengthBytes)).toString('utf8'),
  )
  if (!isConfig(header)) throw new Error(`the header of ${file.path} is not a JSON object`)
  expectWhole(file, leastBytesOfSafetensors(header, lengthBytes))
  return header
}

/** A file that is cut would lock, build and fail only when a server loads it. */
function expectWhole({ path, sizeBytes }: LockedFile, leastBytes: number): void {
  if (sizeBytes >= leastBytes) return
  throw new Error(`${path} is cut: it has ${sizeBytes} bytes, and by its header at least ${leastBytes}`)
}

/** The GGUF parser asks for ranges by HTTP; here they come from whatever the weights' source is. */
function rangesOf(source: OpenWeights, file: LockedFile): typeof fetch {
  return async (_, init) => {
    const range = new Headers(init?.headers).get('range') ?? ''
    const [start = 0, end = file.sizeBytes - 1] = (/(\d+)-(\d+)/.exec(range)?.slice(1) ?? []).map(Number)
    const last = Math.min(end, file.sizeBytes - 1)
    const bytes = await readRange(source, file, start, last - start + 1)
    return new Response(bytes, {
      status: 206,
      headers: { 'content-range': `bytes ${start}-${last}/${file.sizeBytes}` },
    })
  }
}

async function readRange(
  source: OpenWeights,
  file: LockedFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.max(0, length))
  let filled = 0
  for await (const chunk of source.read(file, offset)) {
    const part = chunk.subarray(0, bytes.length - filled)
    bytes.set(part, filled)
    filled += part.length
    if (filled === bytes.length) break
  }
  return bytes.subarray(0, filled)
}

function fileNamed(files: readonly LockedFile[], path: string): LockedFile {
  const file = files.find((item) => item.path === path)
  if (file) return file
  throw new Error(`shard ${path} is missing`)
}
