import { expect, test } from 'vitest'
import { planWeightLayers } from '../../images/weights/layers.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { type GgufKind, pickByContents } from '../../recipes/weight-contents.ts'
import type { WeightFormat } from '../../recipes/weight-names.ts'
import { type Patterns, pickFiles } from '../../recipes/weight-selection.ts'
import { claims, reasons, repositoryOf } from './repositories.ts'

const folderFormats: WeightFormat[] = ['safetensors', 'pytorch', 'mistral']
const ggufFormats: WeightFormat[] = ['gguf']

const files = (paths: readonly string[]) => paths.map((path) => ({ path, sizeBytes: 1 }))

/** Skipped paths with their reasons. */
function skippedOf(
  paths: readonly string[],
  formats: WeightFormat[],
  patterns: Patterns = {},
): Record<string, string> {
  const { skipped } = pickFiles(files(paths), patterns, formats)
  return Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))
}

const { asSafetensors, exported, precision, training, noGguf, ggufAlone } = reasons

test.each<[string, string[], Record<string, string>]>([
  ['a module that is only there as .bin (LaBSE)', ['model.safetensors', '2_Dense/pytorch_model.bin'], {}],
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

const kinds = (gguf: Record<string, GgufKind> = {}) => ({
  shards: new Map(),
  gguf: new Map(Object.entries(gguf)),
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

const seeds = Array.from({ length: 100 }, (_, seed) => seed)

test.each(seeds.flatMap((seed) => [[seed, 'folder'] as const, [seed, 'gguf'] as const]))(
  'repository %i for an engine of %s: each file is in a layer or in the list, with a true reason',
  (seed, engine) => {
    const expected = repositoryOf(seed, engine)
    const formats = engine === 'folder' ? folderFormats : ggufFormats
    const paths = [...expected.keys()]
    const listed = paths.map((path) => ({ path, sizeBytes: 10, sha256: hexOf(digestOf(path)) }))
    const picked = pickFiles(listed, {}, formats)
    const judged = pickByContents(picked.taken, { ...kinds(), patterns: {}, formats })
    const layers = planWeightLayers(judged.taken, { modelFolder: '/models/m', smallFileBytes: 5 })
    const packed = layers.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.type === 'file' ? [entry.path.replace('models/m/', '')] : [])),
    )
    const skipped = [...picked.skipped, ...judged.skipped]
    expect([...packed, ...skipped.map(({ path }) => path)].sort()).toEqual([...paths].sort())
    expect(packed.sort()).toEqual(
      paths.filter((path) => ['both', engine].includes(String(expected.get(path)))).sort(),
    )
    for (const { path, reason } of skipped)
      expect([path, reason, claims[reason]?.(path, paths)]).toEqual([path, reason, true])
  },
)
