import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../images/memory/random.ts'
import { config, gguf, ggufMetadata, safetensors } from '../pipelines/memory-files.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { mutated, mutateValue } from './mutations.ts'

export async function writeModel(model: string, random: Random): Promise<void> {
  if (random.below(2) === 0) {
    await writeFile(
      join(model, 'model.gguf'),
      gguf(ggufMetadata, { 'token_embd.weight': 40, 'output.weight': 40 }),
    )
    return
  }
  await writeFile(join(model, 'config.json'), JSON.stringify(config))
  await writeFile(
    join(model, 'model.safetensors'),
    safetensors({ 'model.embed_tokens.weight': 12800, 'lm_head.weight': 12800 }),
  )
  await writeFile(join(model, 'tokenizer.json'), '{}')
}

export async function changeFolder(model: string, random: Random): Promise<void> {
  const names = await readdir(model, { withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map(({ name }) => name)
  if (files.length === 0) return
  const name = random.pick(files)
  const path = join(model, name)
  const bytes = await readFile(path)
  const change = random.below(10)
  if (change < 4) await writeFile(path, mutateBytes(bytes, random))
  else if (change === 4 && name.endsWith('.json'))
    await writeFile(path, mutated(bytes.toString('utf8'), random))
  else if (change === 5) await rm(path)
  else if (change === 6) await replace(path, random)
  else if (change === 7) await writeFile(join(model, oddName(random)), bytes)
  else if (change === 8 && name === 'config.json')
    await writeFile(path, JSON.stringify(mutateValue(config, random)))
  else await addEntry(model, random)
}

/** Something else in place of a file. */
export async function replace(path: string, random: Random): Promise<void> {
  await rm(path)
  const kind = random.below(4)
  if (kind === 0) await mkdir(path)
  else if (kind === 1) await symlink(random.pick(['nowhere', path, '/dev/null', '/', '..']), path)
  else if (kind === 2) execFileSync('mkfifo', [path])
  else await writeFile(path, '')
}

export async function addEntry(model: string, random: Random): Promise<void> {
  await rm(join(model, 'more'), { recursive: true, force: true })
  await mkdir(join(model, 'more'))
  await replace(join(model, 'more', 'x'), random).catch(() =>
    replaceMissing(join(model, 'more', 'x'), random),
  )
}

export async function replaceMissing(path: string, random: Random): Promise<void> {
  await writeFile(path, '')
  await replace(path, random)
}

export const oddNames = [
  'model-00001-of-00002.safetensors',
  'model-00002-of-00001.gguf',
  'model-00001-of-99999.gguf',
  'model.safetensors.index.json',
  'new\nline',
  'back\\slash',
  ' space ',
  '漢字.safetensors',
  '.hidden',
  '-rf',
  'x'.repeat(255),
  'hf_quant_config.json',
]

export function oddName(random: Random): string {
  return random.pick(oddNames)
}
