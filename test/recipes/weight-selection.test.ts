import { expect, test } from 'vitest'
import type { WeightFormat } from '../../recipes/weight-names.ts'
import { type Patterns, pickFiles } from '../../recipes/weight-selection.ts'
import {
  asSafetensors,
  exported,
  files,
  folderFormats,
  ggufAlone,
  ggufFormats,
  noGguf,
  precision,
  training,
} from './weight-samples.ts'

/** Skipped paths with their reasons. */
function skippedOf(
  paths: readonly string[],
  formats: WeightFormat[],
  patterns: Patterns = {},
): Record<string, string> {
  const { skipped } = pickFiles(files(paths), patterns, formats)
  return Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))
}

test.each<[string, string[], Record<string, string>]>([
  ['a module that is only there as .bin (LaBSE)', ['model.safetensors', '2_Dense/pytorch_model.bin'], {}],
  [
    'adapters in a folder of their own',
    ['model.safetensors', 'adapters/sql/adapter_config.json', 'adapters/sql/adapter_model.safetensors'],
    {},
  ],
  [
    'other parts of an omni model',
    ['model.safetensors', 'spk_dict.pt', 'assets/token2wav/flow.pt', 'assets/campplus.onnx'],
    {},
  ],
  [
    'the same model in six formats',
    [
      'model.safetensors',
      'pytorch_model.bin',
      'tf_model.h5',
      'flax_model.msgpack',
      'rust_model.ot',
      'model.onnx',
    ],
    Object.fromEntries(
      ['pytorch_model.bin', 'tf_model.h5', 'flax_model.msgpack', 'rust_model.ot', 'model.onnx'].map(
        (path) => [path, asSafetensors],
      ),
    ),
  ],
  [
    'the same weights in another number of shards, with their index',
    ['model-00001-of-00001.safetensors', 'pytorch_model-00001-of-00002.bin', 'pytorch_model.bin.index.json'],
    { 'pytorch_model-00001-of-00002.bin': asSafetensors, 'pytorch_model.bin.index.json': asSafetensors },
  ],
  [
    'exports with external data (bge-m3)',
    [
      'model.safetensors',
      'onnx/model.onnx',
      'onnx/model.onnx_data',
      'onnx/config.json',
      'openvino/openvino_model.bin',
    ],
    {
      'onnx/model.onnx': exported,
      'onnx/model.onnx_data': exported,
      'openvino/openvino_model.bin': exported,
    },
  ],
  [
    'external data beside the model',
    ['model.safetensors', 'model.onnx_data', 'model.onnx.data'],
    { 'model.onnx_data': asSafetensors, 'model.onnx.data': asSafetensors },
  ],
  [
    'an archive of NeMo',
    ['model.safetensors', 'm.nemo'],
    { 'm.nemo': 'an archive of NeMo, and no server here reads those' },
  ],
  [
    'what a trainer leaves',
    ['model.safetensors', 'training_args.bin', 'optimizer.pt', 'checkpoint-500/model.safetensors'],
    {
      'training_args.bin': training,
      'optimizer.pt': training,
      'checkpoint-500/model.safetensors': 'a checkpoint of the training beside the model',
    },
  ],
  [
    'what distributed training leaves',
    ['model.safetensors', 'pytorch_model_fsdp_0/__0_0.distcp', 'optimizer_0/.metadata', 'zero_to_fp32.py'],
    Object.fromEntries(
      ['pytorch_model_fsdp_0/__0_0.distcp', 'optimizer_0/.metadata', 'zero_to_fp32.py'].map((path) => [
        path,
        training,
      ]),
    ),
  ],
  [
    'what macOS, Windows, notebooks and fetchers leave',
    [
      'model.safetensors',
      '._model.safetensors',
      '__MACOSX/x',
      'Thumbs.db',
      '.msc',
      'sub/._config.json',
    ].concat([
      '.ipynb_checkpoints/config-checkpoint.json',
      '._____temp/model.safetensors',
      '.huggingface/download/x',
    ]),
    Object.fromEntries(
      ['._model.safetensors', '__MACOSX/x', 'Thumbs.db', '.msc', 'sub/._config.json']
        .concat([
          '.ipynb_checkpoints/config-checkpoint.json',
          '._____temp/model.safetensors',
          '.huggingface/download/x',
        ])
        .map((path) => [path, 'not read by any server']),
    ),
  ],
  ['a checkpoint alone', ['config.json', 'checkpoint-500/model.safetensors'], {}],
  [
    'second precisions (whisper-large-v3)',
    [
      'model.safetensors',
      'model.fp32-00001-of-00002.safetensors',
      'model.safetensors.index.fp32.json',
      'pytorch_model.fp32-00001-of-00002.bin',
    ],
    Object.fromEntries(
      [
        'model.fp32-00001-of-00002.safetensors',
        'model.safetensors.index.fp32.json',
        'pytorch_model.fp32-00001-of-00002.bin',
      ].map((path) => [path, precision]),
    ),
  ],
  ['a precision that is the only one', ['model.fp16.safetensors'], {}],
  ['a GGUF beside safetensors', ['model.safetensors', 'gemma-7b.GGUF'], { 'gemma-7b.GGUF': noGguf }],
  ['a GGUF beside an adapter', ['adapter_model.safetensors', 'm.gguf'], {}],
  [
    'Mistral’s two forms',
    ['model.safetensors', 'consolidated.safetensors', 'consolidated.safetensors.index.json', 'params.json'],
    {
      'consolidated.safetensors': 'the same weights in one consolidated file',
      'consolidated.safetensors.index.json': 'the same weights in one consolidated file',
    },
  ],
  ['Mistral’s own form alone', ['consolidated-00001-of-00001.safetensors', 'params.json', 'tekken.json'], {}],
  [
    'Meta’s original form',
    ['model.safetensors', 'original/consolidated.00.pth', 'original/params.json'],
    {
      'original/consolidated.00.pth': 'the same weights in their original format',
      'original/params.json': 'the same weights in their original format',
    },
  ],
  [
    'another precision in a folder',
    [
      'config.json',
      'model.safetensors',
      'fp8/model.safetensors',
      'fp8/config.json',
      'INT4/model.safetensors',
      'halfway/model.safetensors',
    ],
    {
      'fp8/model.safetensors': 'the model in another precision, in a folder of its own',
      'fp8/config.json': 'the model in another precision, in a folder of its own',
      'INT4/model.safetensors': 'the model in another precision, in a folder of its own',
    },
  ],
  ['one precision in a folder and nothing above', ['fp8/model.safetensors', 'fp8/config.json'], {}],
  ['only the original form', ['original/consolidated.00.pth', 'sub/model.safetensors'], {}],
  [
    'frameworks beside .bin alone',
    ['pytorch_model.bin', 'tf_model.h5', 'model.onnx', 'other.pt'],
    {
      'tf_model.h5': 'the same weights are there as .bin',
      'model.onnx': 'the same weights are there as .bin',
    },
  ],
])('transformers: %s', (_, paths, expected) => {
  expect(skippedOf(paths, folderFormats)).toEqual(expected)
})

test.each<[string, string[], Record<string, string>]>([
  [
    'other formats beside a GGUF',
    ['m.gguf', 'model.safetensors', 'pytorch_model.bin', 'model.safetensors.index.json', 'config.json'],
    {
      'model.safetensors': ggufAlone,
      'pytorch_model.bin': ggufAlone,
      'model.safetensors.index.json': ggufAlone,
    },
  ],
  ['no GGUF at all', ['model.safetensors', 'config.json'], {}],
  ['the form of ggml from before GGUF alone, which the plan refuses', ['ggml-model-q4_0.bin'], {}],
  ['a projector alone', ['mmproj-F16.gguf', 'model.safetensors'], {}],
  [
    'an importance matrix',
    ['m.gguf', 'imatrix.gguf', 'm.imatrix', 'imatrix_unsloth.dat'],
    Object.fromEntries(
      ['imatrix.gguf', 'm.imatrix', 'imatrix_unsloth.dat'].map((path) => [
        path,
        'an importance matrix, which only quantising reads',
      ]),
    ),
  ],
  ['a model whose name tells of its matrix', ['m-Q4_K_M-imatrix.gguf'], {}],
])('GGUF: %s', (_, paths, expected) => {
  expect(skippedOf(paths, ggufFormats)).toEqual(expected)
})

test.each<[string, string[], Patterns, string[]]>([
  ['its full path', ['model.safetensors', 'm.gguf'], { include: ['m.gguf', '*.safetensors'] }, []],
  ['its folder', ['model.safetensors', 'onnx/model.onnx'], { include: ['onnx/*', '*.safetensors'] }, []],
  ['no name of it', ['model.safetensors', 'onnx/model.onnx'], { include: ['*'] }, ['onnx/model.onnx']],
])(
  'a file is taken although others have the same weights when include gives %s',
  (_, paths, patterns, out) => {
    expect(Object.keys(skippedOf(paths, folderFormats, patterns))).toEqual(out)
  },
)
