import { type GGUFParseOutput, gguf } from '@huggingface/gguf'
import { IngotError, messageOf } from '../../lib/error.ts'
import type { LockedFile } from '../../recipes/locked-weights.ts'
import { isConfig } from '../../recipes/model-facts/config-value.ts'
import type { SafetensorsHeader } from '../../recipes/model-facts/tensors.ts'
import type { OpenWeights } from '../weights/source.ts'

/** Longest header that is read; a longer one is no header. */
const mostHeaderBytes = 100 * 1024 ** 2

export interface ReadHeader {
  header: SafetensorsHeader
  headerBytes: number
}

/** A safetensors header: its length as u64, then JSON. */
export async function safetensorsHeader(source: OpenWeights, file: LockedFile): Promise<ReadHeader> {
  const head = Buffer.from(await readModelRange(source, file, 0, 8))
  const headerBytes = head.length === 8 ? Number(head.readBigUInt64LE()) : 0
  if (headerBytes === 0 || headerBytes > mostHeaderBytes)
    throw new Error(`${file.path} has no safetensors header`)
  const bytes = Buffer.from(await readModelRange(source, file, 8, headerBytes))
  if (bytes.length < headerBytes)
    throw new Error(`${file.path} ends inside its safetensors header: it was cut`)
  const header: unknown = JSON.parse(bytes.toString('utf8'))
  if (isConfig(header)) return { header, headerBytes }
  throw new Error(`the header of ${file.path} is not a JSON object`)
}

/** The header of a GGUF file, read by range. An error of the parser is told with the file's name. */
export async function ggufHeader(
  source: OpenWeights,
  file: LockedFile,
): Promise<GGUFParseOutput & { parameterCount: number }> {
  try {
    return await gguf(`http://weights.invalid/${encodeURI(file.path)}`, {
      fetch: rangesOf(source, file),
      computeParametersCount: true,
    })
  } catch (cause) {
    if (cause instanceof IngotError) throw cause
    throw new Error(`${file.path}: ${messageOf(cause)}`, { cause })
  }
}

/** The GGUF parser asks for ranges by HTTP; here they come from whatever the weights' source is. */
function rangesOf(source: OpenWeights, file: LockedFile): typeof fetch {
  return async (_, init) => {
    const range = new Headers(init?.headers).get('range') ?? ''
    const [start = 0, end = file.sizeBytes - 1] = (/(\d+)-(\d+)/.exec(range)?.slice(1) ?? []).map(Number)
    if (start >= file.sizeBytes) throw new Error(`${file.path} ends inside its header: it was cut`)
    const last = Math.min(end, file.sizeBytes - 1)
    const bytes = await readModelRange(source, file, start, last - start + 1)
    return new Response(bytes, {
      status: 206,
      headers: { 'content-range': `bytes ${start}-${last}/${file.sizeBytes}` },
    })
  }
}

/** At most `length` bytes of a file from `offset` on; fewer at its end. */
export async function readModelRange(
  source: OpenWeights,
  file: LockedFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, file.sizeBytes - offset)))
  let filled = 0
  if (bytes.length === 0) return bytes
  for await (const chunk of source.read(file, offset)) {
    const part = chunk.subarray(0, bytes.length - filled)
    bytes.set(part, filled)
    filled += part.length
    if (filled === bytes.length) break
  }
  return bytes.subarray(0, filled)
}
