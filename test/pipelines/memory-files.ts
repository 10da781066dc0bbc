import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { u32, u64 } from '../../lib/little-endian.ts'

/** Small real files of the formats that models come in; tensors hold nothing but zeros. */

/** A folder for the test that is running. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-memory-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const config = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  torch_dtype: 'bfloat16',
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 128,
  vocab_size: 100,
  max_position_embeddings: 2048,
}

/** A safetensors file with one tensor for each name, of the given bytes. */
export function safetensors(tensors: Readonly<Record<string, number>>): Buffer {
  let at = 0
  const entries = Object.entries(tensors).map(([name, sizeBytes]) => {
    const entry = { dtype: 'BF16', shape: [sizeBytes / 2], data_offsets: [at, at + sizeBytes] }
    at += sizeBytes
    return [name, entry]
  })
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, Buffer.alloc(at)])
}

/** A folder in the layout of transformers, with two shards and a duplicate that must not be counted. */
export async function writeModel(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const map = { 'model.embed_tokens.weight': 'a.safetensors', 'lm_head.weight': 'b.safetensors' }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }))
  await writeFile(join(folder, 'a.safetensors'), safetensors({ 'model.embed_tokens.weight': 12800 }))
  await writeFile(join(folder, 'b.safetensors'), safetensors({ 'lm_head.weight': 12800 }))
  await writeFile(join(folder, 'consolidated.safetensors'), safetensors({ 'output.weight': 25600 }))
}

function text(value: string): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(value)))
  return Buffer.concat([length, Buffer.from(value)])
}

const typeText = 8
const typeUint32 = 4

/** A GGUF file, version 3, with whole numbers and texts as metadata and Q4_0 tensors of 32 x n. */
export function gguf(
  metadata: Readonly<Record<string, string | number>>,
  tensors: Readonly<Record<string, number>>,
): Buffer {
  const pairs = Object.entries(metadata).map(([key, value]) =>
    typeof value === 'string'
      ? Buffer.concat([text(key), u32(typeText), text(value)])
      : Buffer.concat([text(key), u32(typeUint32), u32(value)]),
  )
  const infos = Object.entries(tensors).map(([name, rows]) =>
    Buffer.concat([text(name), u32(2), u64(32), u64(rows), u32(2), u64(0)]),
  )
  const head = [Buffer.from('GGUF'), u32(3), u64(infos.length), u64(pairs.length)]
  return Buffer.concat([...head, ...pairs, ...infos, Buffer.alloc(4096)])
}

export const ggufMetadata = {
  'general.architecture': 'llama',
  'llama.block_count': 2,
  'llama.embedding_length': 64,
  'llama.attention.head_count': 4,
  'llama.attention.head_count_kv': 2,
  'llama.feed_forward_length': 128,
  'llama.context_length': 2048,
  'llama.vocab_size': 100,
}
