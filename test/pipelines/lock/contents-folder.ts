import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { lockModel } from '../../../pipelines/lock/model.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { lockRenewal } from '../../../recipes/lock-renewal.ts'
import type { WeightsSource } from '../../../recipes/weights.ts'
import { scratchFolder } from '../../scratch.ts'
import { smallLlama } from '../../small-llama.ts'
import { gguf, ggufMetadata } from '../memory-files.ts'
import { contextFor } from '../weights/samples.ts'

export type Files = Record<string, string | Buffer>

/** A safetensors file with one tensor for each name, of eight bytes. */
export function safetensors(...names: string[]): Buffer {
  const entries = names.map((name, i) => [
    name,
    { dtype: 'F32', shape: [2], data_offsets: [i * 8, i * 8 + 8] },
  ])
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(names.length * 8)])
}

export const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 17\n`
export const llama = smallLlama
export const model = safetensors('model.embed_tokens.weight')
export const whole: Files = {
  'config.json': JSON.stringify(llama),
  'tokenizer.json': '{}',
  'model.safetensors': model,
}
export const llamaGguf = gguf(ggufMetadata, { 'token_embd.weight': 4 })
export const projector = gguf({ 'general.architecture': 'clip' }, { 'v.patch': 1 })

export const index = (map: Record<string, string>) => JSON.stringify({ weight_map: map })
export const shard = (i: number) => `model-0000${i}-of-00002.safetensors`

export async function folderOf(files: Files): Promise<string> {
  const folder = await scratchFolder()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

/** The weights part of a lock, as `ingot lock` resolves it. */
export function lockSource(
  engine: EngineId,
  source: WeightsSource,
  environment: Record<string, string> = {},
) {
  const request = { runtime: { type: 'upstream', base: 'x' }, usesParts: false, hasReleases: false } as const
  return lockModel(
    {
      engine,
      source,
      request: { ...request, maxLayerBytes: undefined, modelcar: undefined },
      renewal: lockRenewal(undefined, []),
      kept: undefined,
    },
    contextFor(environment),
  )
}

export async function lockFiles(engine: EngineId, files: Files, more: { include?: string[] } = {}) {
  return lockSource(engine, { type: 'folder', path: await folderOf(files), ...more })
}
