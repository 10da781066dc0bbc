import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gguf } from '@huggingface/gguf'
import { metadataOf } from './architectures.ts'

/** What one server reserved for one architecture, in each setting of the sweep. */
export interface Measured {
  /** Keys that its loader asked for beyond those of `metadataOf`. */
  asked: string[]
  /** Shapes of what tells the width of experts. */
  shapes: Record<string, number[]>
  cacheMiB: number[]
  computeMiB: number[]
}

const path = join(import.meta.dirname, 'measured.json')

/** Puts the figures of one architecture into measured.json, which the pure tests are held to. */
export async function record(
  architecture: string,
  file: string,
  buffers: Pick<Measured, 'cacheMiB' | 'computeMiB'>,
): Promise<void> {
  const { metadata, tensorInfos } = await gguf(file, { allowLocalFile: true })
  const known = metadataOf(architecture)
  const own = Object.keys(metadata).filter((key) => key.startsWith(`${architecture}.`) && !known.has(key))
  const expert = tensorInfos.filter(({ name }) => /^blk\.3\.ffn_up_(exps|shexp)\.weight$/.test(name))
  const all = JSON.parse(await readFile(path, 'utf8'))
  all[architecture] = {
    asked: own.map((key) => key.slice(architecture.length + 1)),
    shapes: Object.fromEntries(expert.map(({ name, shape }) => [name, shape.map(Number)])),
    ...buffers,
  }
  const sorted = Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  await writeFile(path, `${JSON.stringify(sorted, null, 2)}\n`)
}
