import { expect, test } from 'vitest'
import { pickFiles } from '../../recipes/weight-selection.ts'
import { archive, exported, files, folderFormats, forPeople } from './weight-samples.ts'

test.each<[string, string[], Record<string, string>]>([
  [
    'checkpoints under other names',
    [
      ...['model.safetensors', 'checkpoints/best/model.safetensors', 'epoch_1/model.safetensors'],
      ...['sub/model.safetensors', 'sub/step-100/x.pt', 'stepwise/x.pt', 'epochs.json'],
    ],
    Object.fromEntries(
      ['checkpoints/best/model.safetensors', 'epoch_1/model.safetensors', 'sub/step-100/x.pt'].map((path) => [
        path,
        'a checkpoint of the training beside the model',
      ]),
    ),
  ],
  [
    'archives, and what people look at',
    [
      ...['model.safetensors', 'old.zip', 'model.tar.gz', 'report.pdf', 'demo.mp4', 'figures/bench.png'],
      ...['logo.jpg', 'voices/prompt.wav', 'code/mask.png'],
    ],
    {
      'old.zip': archive,
      'model.tar.gz': archive,
      'report.pdf': forPeople,
      'demo.mp4': forPeople,
      'figures/bench.png': forPeople,
      'logo.jpg': forPeople,
    },
  ],
  [
    'tables of data, and what programs of developers keep',
    [
      'model.safetensors',
      'data/train.parquet',
      '__pycache__/m.pyc',
      '.venv/bin/x',
      'node_modules/x.js',
      'x.py',
    ],
    {
      'data/train.parquet': 'a table of data beside the model, which no server reads',
      ...Object.fromEntries(
        ['__pycache__/m.pyc', '.venv/bin/x', 'node_modules/x.js'].map((path) => [
          path,
          'not read by any server',
        ]),
      ),
    },
  ],
  ['an archive alone, which the plan refuses', ['config.json', 'model.zip', 'logo.png'], {}],
  ['shards of MLC', ['model.safetensors', 'params_shard_0.bin'], { 'params_shard_0.bin': exported }],
  [
    'a download of Safari',
    ['model.safetensors', 'b.gguf.download'],
    { 'b.gguf.download': 'an unfinished download or a temporary file' },
  ],
])('what lies beside a model and is none of it: %s', (_, paths, expected) => {
  const { skipped } = pickFiles(files(paths), {}, folderFormats)
  expect(Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))).toEqual(expected)
})
