import { z } from 'zod'
import { parsePythonJson } from '../../lib/python-json.ts'
import type { FilePart } from './split.ts'

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) })

/** Whether a file lists tensors and the shards that hold them, as transformers writes and every server reads it. */
export function isSafetensorsIndex(path: string): boolean {
  return path.endsWith('.safetensors.index.json')
}

/**
 * The index with parts in place of the shards that were split; everything else in it stays. `split` is the path of each
 * split shard to its parts. Undefined where the index names none of them. Throws where index and shards do not agree.
 */
export function indexWithParts(
  text: string,
  indexPath: string,
  split: ReadonlyMap<string, readonly FilePart[]>,
): string | undefined {
  const index = indexSchema.parse(parsePythonJson(text))
  const folder = indexPath.slice(0, indexPath.lastIndexOf('/') + 1)
  const places = new Map(
    [...split].map(([path, parts]) => [
      path,
      new Map(parts.flatMap((part) => part.tensors.map((tensor) => [tensor, part.path] as const))),
    ]),
  )
  const weightMap = Object.entries(index.weight_map).map(([tensor, shard]) => {
    const parts = places.get(`${folder}${shard}`)
    const part = parts?.get(tensor)
    if (parts && part === undefined) throw new Error(`${indexPath} has ${tensor} in ${shard}, which lacks it`)
    return [tensor, part === undefined ? shard : part.slice(folder.length)] as const
  })
  if (weightMap.every(([tensor, shard]) => index.weight_map[tensor] === shard)) return undefined
  return `${JSON.stringify({ ...index, weight_map: Object.fromEntries(weightMap) }, null, 2)}\n`
}
