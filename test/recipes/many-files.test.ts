import { expect, test } from 'vitest'
import { missingShards } from '../../recipes/weight-contents.ts'
import type { WeightFormat } from '../../recipes/weight-names.ts'
import { pickFiles } from '../../recipes/weight-selection.ts'
import { files, folderFormats, ggufAlone, ggufFormats } from './weight-samples.ts'

function skippedOf(paths: readonly string[], formats: WeightFormat[]): Record<string, string> {
  const { skipped } = pickFiles(files(paths), {}, formats)
  return Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))
}

// With each file compared with all others this took minutes, and nothing could interrupt it.
test('a folder of 10,000 files is judged file by file', () => {
  const paths = Array.from({ length: 10_000 }, (_, index) => `part-${index}/model-${index}.bin`)
  expect(skippedOf(['m.gguf', ...paths], ggufFormats)).toMatchObject({ 'part-7/model-7.bin': ggufAlone })
  const twins = paths.flatMap((path) => [path, path.replace('.bin', '.safetensors')])
  expect(Object.keys(skippedOf(twins, folderFormats))).toHaveLength(10_000)
})

// Each shard names all others: counted for every one of them it was 40 million names.
test('of many shards of a set the missing ones are named once', () => {
  const number = (index: number) => String(index + 1).padStart(5, '0')
  const paths = Array.from({ length: 400 }, (_, index) => `m-${number(index)}-of-99999.gguf`)
  const missing = missingShards(paths, { shards: new Map() })
  expect(missing).toHaveLength(99_999 - 400)
  expect(missing[0]).toMatch(/^m-00401-of-99999\.gguf is missing, one of the shards of m-/)
})
