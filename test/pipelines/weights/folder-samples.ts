import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import type { SourceOf } from '../../../recipes/weights.ts'
import { scratchFolder } from '../../scratch.ts'
import { contextFor } from './samples.ts'

export async function put(folder: string, path: string, text = 'x') {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), text)
}

export async function model(...more: string[]): Promise<string> {
  const folder = join(await scratchFolder(), 'model')
  for (const path of ['config.json', 'model.safetensors', ...more]) await put(folder, path)
  return folder
}

export function lock(
  path: string,
  more: Partial<SourceOf<'folder'>> = {},
  environment: Record<string, string> = {},
) {
  return inventoryWeights({ type: 'folder', path, ...more }, contextFor(environment))
}

export const pathsOf = (weights: Awaited<ReturnType<typeof lock>>) => weights.files.map(({ path }) => path)
