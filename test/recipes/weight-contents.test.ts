import { expect, test } from 'vitest'
import { type GgufKind, missingShards, pickByContents } from '../../recipes/weight-contents.ts'
import type { Patterns } from '../../recipes/weight-selection.ts'
import { files, folderFormats, ggufFormats, kinds } from './weight-samples.ts'

const shardsOf = (index: string, ...names: string[]) => ({
  shards: new Map([[index, names]]),
  gguf: new Map(),
})

test.each<[string, string[], ReturnType<typeof shardsOf>, string[]]>([
  [
    'shards of an earlier upload',
    ['model-00001-of-00002.safetensors', 'model-00001-of-00003.safetensors', 'model.safetensors'],
    shardsOf('model.safetensors.index.json', 'model-00001-of-00002.safetensors'),
    ['model-00001-of-00003.safetensors', 'model.safetensors'],
  ],
  [
    'files of other stems, folders and formats stay',
    ['a/model.safetensors', 'adapter_model.safetensors', 'mtp.safetensors', 'pytorch_model.bin'],
    shardsOf('model.safetensors.index.json', 'model-00001-of-00001.safetensors'),
    [],
  ],
])('an index decides for the shards of its model: %s', (_, paths, contents, out) => {
  const { skipped } = pickByContents(files(paths), { ...contents, patterns: {}, formats: folderFormats })
  expect(skipped.map(({ path }) => path)).toEqual(out)
  for (const { reason } of skipped)
    expect(reason).toBe('model.safetensors.index.json names other files as the model')
})

test.each<[string, string[], Patterns, Record<string, GgufKind>, string[]]>([
  [
    'of three precisions F16',
    ['m.gguf', 'mmproj-BF16.gguf', 'mmproj-F16.gguf', 'mmproj-F32.gguf'],
    {},
    {},
    ['mmproj-BF16.gguf', 'mmproj-F32.gguf'],
  ],
  [
    'of other precisions BF16',
    ['m.gguf', 'm-mmproj-Q8_0.gguf', 'm.mmproj-bf16.gguf'],
    {},
    {},
    ['m-mmproj-Q8_0.gguf'],
  ],
  [
    'the one that include names',
    ['mmproj-F16.gguf', 'mmproj-F32.gguf'],
    { include: ['*', 'mmproj-F32.gguf'] },
    {},
    ['mmproj-F16.gguf'],
  ],
  [
    'one that only its header tells',
    ['m.gguf', 'vision-f32.gguf', 'mmproj-F16.gguf'],
    {},
    { 'vision-f32.gguf': 'projector' },
    ['vision-f32.gguf'],
  ],
  [
    'a matrix that only its header tells',
    ['m.gguf', 'm-calibration.gguf'],
    {},
    { 'm-calibration.gguf': 'imatrix' },
    ['m-calibration.gguf'],
  ],
])('one projector is chosen: %s', (_, paths, patterns, gguf, out) => {
  const { skipped } = pickByContents(files(paths), { ...kinds(gguf), patterns, formats: ggufFormats })
  expect(skipped.map(({ path }) => path)).toEqual(out)
})

// Each shard names all others: counted for every one of them it was 40 million names.
test('of many shards of a set the missing ones are named once', () => {
  const number = (index: number) => String(index + 1).padStart(5, '0')
  const paths = Array.from({ length: 400 }, (_, index) => `m-${number(index)}-of-99999.gguf`)
  const missing = missingShards(paths, { shards: new Map() })
  expect(missing).toHaveLength(99_999 - 400)
  expect(missing[0]).toMatch(/^m-00401-of-99999\.gguf is missing, one of the shards of m-/)
})
