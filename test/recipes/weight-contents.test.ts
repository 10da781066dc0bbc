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
    'shards of an earlier upload with numbers of other widths',
    ['model-00001-of-000163.safetensors', 'model-1-of-61.safetensors', 'model-00001-of-000160.safetensors'],
    shardsOf('model.safetensors.index.json', 'model-00001-of-000163.safetensors'),
    ['model-1-of-61.safetensors', 'model-00001-of-000160.safetensors'],
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

test.each<[string, string[], string[]]>([
  ['five digits', ['a-00001-of-00002.safetensors'], ['a-00002-of-00002.safetensors']],
  [
    'totals of six digits (DeepSeek-V3)',
    ['a-00001-of-000002.safetensors'],
    ['a-00002-of-000002.safetensors'],
  ],
  ['no zeros (Kimi-K2)', ['a-2-of-3.safetensors', 'a-1-of-3.safetensors'], ['a-3-of-3.safetensors']],
  ['no zeros, ten or more', [2, 3, 4, 5, 6, 7, 8, 9, 10].map((i) => `a-${i}-of-10.bin`), ['a-1-of-10.bin']],
  [
    'a count from 0 on',
    ['a-00000-of-00003.safetensors', 'a-00002-of-00003.safetensors'],
    ['a-00001-of-00003.safetensors'],
  ],
  ['all of them', ['a-00000-of-00002.bin', 'a-00001-of-00002.bin', 'b-1-of-1.safetensors'], []],
  ['a number that is none of shards', ['a-1-of-999999.safetensors', 'part-1-of-2/model.safetensors'], []],
])('shards that names count are told where they are missing: %s', (_, paths, missing) => {
  const told = missingShards(paths, { shards: new Map() })
  expect(told.map((words) => words.split(' ')[0])).toEqual(missing)
})
