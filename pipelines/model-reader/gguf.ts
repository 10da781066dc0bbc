import { stat } from 'node:fs/promises'
import { gguf } from '@huggingface/gguf'
import { IngotError, messageOf } from '../../lib/error.ts'
import { factsFromGguf, type GgufTensor } from '../../recipes/model-facts/gguf.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import { publicUrl } from '../network/address.ts'
import { ModelReaderError } from './error.ts'

export interface GgufPlace {
  /** Paths or addresses of the shards, the one with the metadata first. */
  shards: readonly string[]
  isLocal: boolean
  fetch?: typeof fetch
}

/** Facts from the headers of a GGUF file and its shards; the tensors themselves are not read. Throws `bad-header`. */
export async function readGguf(place: GgufPlace): Promise<ModelFacts> {
  let metadata: Record<string, unknown> | undefined
  const tensors: GgufTensor[] = []
  for (const shard of place.shards) {
    const parsed = await parseShard(shard, place)
    metadata ??= { ...parsed.metadata }
    tensors.push(...parsed.tensorInfos.map(({ name, shape, dtype }) => ({ name, shape, dtype })))
  }
  return factsFromGguf(metadata ?? {}, tensors)
}

async function parseShard(shard: string, { isLocal, fetch }: GgufPlace) {
  try {
    const parsed = await gguf(shard, isLocal ? { allowLocalFile: true } : fetch ? { fetch } : {})
    if (isLocal) await expectWholeHeader(shard, parsed.tensorInfoByteRange[1])
    return parsed
  } catch (cause) {
    if (cause instanceof IngotError || (cause instanceof Error && cause.name === 'AbortError')) throw cause
    throw new ModelReaderError('bad-header', {
      attempted: `read the header of ${isLocal ? shard : publicUrl(shard)}`,
      found: messageOf(cause),
      hint: 'check that the file is complete and is a GGUF file',
      cause,
    })
  }
}

/** Behind the end of a file the parser reads zeros, so a header that is cut gives wrong facts and no error. */
async function expectWholeHeader(path: string, headerBytes: number): Promise<void> {
  const { size } = await stat(path)
  if (size < headerBytes)
    throw new Error(
      `the file is cut in its header: it has ${size} bytes, and the header at least ${headerBytes}`,
    )
}
