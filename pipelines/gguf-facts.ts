import { GGMLFileQuantizationType, gguf } from '@huggingface/gguf'
import { ggufModels } from '../images/refusals.ts'
import { messageOf } from '../lib/error.ts'
import type { GgufFacts } from '../recipes/lock.ts'
import type { LockedFile, LockedWeights } from '../recipes/locked-weights.ts'
import { StageError } from './error.ts'
import { openWeights } from './weights/inventory.ts'
import type { OpenWeights, SourceContext } from './weights/source.ts'

/**
 * What the GGUF header of locked weights says, read from their source by range; undefined for other formats and for a
 * choice of several models, which the plan refuses. No tensor is read.
 */
export async function readGgufFacts(
  weights: LockedWeights,
  context: SourceContext,
): Promise<GgufFacts | undefined> {
  const [model, second] = ggufModels(weights.files)
  if (model === undefined || second !== undefined) return undefined
  const source = await openWeights(weights, context)
  try {
    return await factsOf(source, model)
  } catch (cause) {
    throw new StageError('engine-failed', {
      attempted: `read the header of ${model.path}`,
      found: messageOf(cause),
      hint: 'check that the file is a complete GGUF',
      cause,
    })
  } finally {
    await source.close()
  }
}

async function factsOf(source: OpenWeights, model: LockedFile): Promise<GgufFacts> {
  const { metadata, parameterCount } = await gguf(`http://weights.invalid/${encodeURI(model.path)}`, {
    fetch: fetchFrom(source, model),
    computeParametersCount: true,
  })
  const fields: Readonly<Record<string, unknown>> = { ...metadata }
  const tokens = fields['tokenizer.ggml.tokens']
  const token = (key: string) => (Array.isArray(tokens) ? tokens[Number(fields[key])] : undefined)
  return {
    architecture: String(fields['general.architecture']),
    parameterCount,
    fileType: GGMLFileQuantizationType[Number(fields['general.file_type'])] ?? null,
    ...text('chatTemplate', fields['tokenizer.chat_template']),
    ...text('bosToken', token('tokenizer.ggml.bos_token_id')),
    ...text('eosToken', token('tokenizer.ggml.eos_token_id')),
  }
}

function text(key: 'chatTemplate' | 'bosToken' | 'eosToken', value: unknown): Partial<GgufFacts> {
  return typeof value === 'string' ? { [key]: value } : {}
}

/** The parser asks for ranges by HTTP; here they come from whatever the weights' source is. */
function fetchFrom(source: OpenWeights, file: LockedFile): typeof fetch {
  return async (_, init) => {
    const range = new Headers(init?.headers).get('range') ?? ''
    const [start = 0, end = file.sizeBytes - 1] = (/(\d+)-(\d+)/.exec(range)?.slice(1) ?? []).map(Number)
    const last = Math.min(end, file.sizeBytes - 1)
    const bytes = await readBytes(source, file, start, last - start + 1)
    return new Response(bytes, {
      status: 206,
      headers: { 'content-range': `bytes ${start}-${last}/${file.sizeBytes}` },
    })
  }
}

async function readBytes(source: OpenWeights, file: LockedFile, offset: number, length: number) {
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
