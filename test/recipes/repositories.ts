import {
  archive,
  asSafetensors,
  exported,
  forPeople,
  ggufAlone,
  noGguf,
  precision,
  training,
} from './weight-samples.ts'

/** Blocks of files as repositories have them, and by whom each file is needed. The oracle knows nothing of the product's rules. */
interface Block {
  needs?: string
  files: Record<string, 'both' | 'folder' | 'gguf' | 'none'>
}

const blocks: Record<string, Block> = {
  hf: { files: { 'config.json': 'both', 'tokenizer.json': 'both', 'model.safetensors': 'folder' } },
  bin: { needs: 'hf', files: { 'pytorch_model.bin': 'none', 'pytorch_model.bin.index.json': 'none' } },
  tensorflow: { needs: 'hf', files: { 'tf_model.h5': 'none', 'flax_model.msgpack': 'none' } },
  onnx: { needs: 'hf', files: { 'onnx/model_q4.onnx': 'none', 'onnx/model_q4.onnx_data': 'none' } },
  dense: { needs: 'hf', files: { 'modules.json': 'both', '2_Dense/pytorch_model.bin': 'folder' } },
  denseBoth: { needs: 'dense', files: { '2_Dense/model.safetensors': 'folder' } },
  voices: { needs: 'hf', files: { 'spk_dict.pt': 'folder', 'assets/campplus.onnx': 'folder' } },
  trainer: { needs: 'hf', files: { 'training_args.bin': 'none', 'checkpoint-7/model.safetensors': 'none' } },
  fp32: { needs: 'hf', files: { 'model.fp32-00001-of-00001.safetensors': 'none' } },
  meta: {
    needs: 'hf',
    files: { 'original/consolidated.00.pth': 'none', 'consolidated.safetensors': 'none' },
  },
  distributed: {
    needs: 'hf',
    files: { 'pytorch_model_fsdp_0/__0_0.distcp': 'none', 'zero_to_fp32.py': 'none' },
  },
  macos: { files: { '._config.json': 'none', '__MACOSX/._x': 'none', 'Thumbs.db': 'none' } },
  unfinished: {
    files: { 'model-2.safetensors.part': 'none', 'y.gguf.aria2': 'none', 'x.incomplete': 'none' },
  },
  others: {
    needs: 'hf',
    files: {
      'openvino_model.bin': 'none',
      'saved_model.pb': 'none',
      'model.tflite': 'none',
      'm.ckpt.index': 'none',
    },
  },
  nemo: { needs: 'hf', files: { 'm.nemo': 'none' } },
  gguf: { files: { 'm-Q4_K_M.gguf': 'gguf' } },
  projectors: { needs: 'gguf', files: { 'mmproj-F16.gguf': 'gguf', 'mmproj-F32.gguf': 'none' } },
  matrix: { needs: 'gguf', files: { 'imatrix.gguf': 'none' } },
  developers: { files: { '__pycache__/m.pyc': 'none', 'data/train.parquet': 'none' } },
  archives: { files: { 'old.zip': 'none', 'logs/run.tar.gz': 'none' } },
  pictures: { files: { 'figures/bench.png': 'none', 'demo.mp4': 'none', 'report.pdf': 'none' } },
  steps: { needs: 'hf', files: { 'checkpoints/last/model.safetensors': 'none', 'epoch_3/x.pt': 'none' } },
  adapters: { files: { 'adapters/sql/adapter_model.safetensors': 'folder' } },
  readme: { files: { 'README.md': 'none', '.gitattributes': 'none', LICENSE: 'both' } },
}

/** The same numbers in every run: the seed stands in the name of the test that fails. */
function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761 + 1
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return state / 2 ** 32
  }
}

/** Paths of a random repository in a random order, each with who needs it. */
export function repositoryOf(seed: number, engine: 'folder' | 'gguf') {
  const random = randomOf(seed)
  const has = new Set([engine === 'folder' ? 'hf' : 'gguf'])
  for (const [name, { needs }] of Object.entries(blocks))
    if (random() < 0.5 && (needs === undefined || has.has(needs))) has.add(name)
  const expected = Object.entries(blocks)
    .filter(([name]) => has.has(name))
    .flatMap(([, block]) => Object.entries(block.files))
    .map(
      ([path, need]) =>
        [path, path === '2_Dense/pytorch_model.bin' && has.has('denseBoth') ? 'none' : need] as const,
    )
  return new Map(expected.sort(() => random() - 0.5))
}

/** What a reason claims of the other files, looked up in the list. */
export const claims: Record<string, (path: string, paths: string[]) => boolean> = {
  [asSafetensors]: (path, paths) => {
    const folder = path.split('/').slice(0, -1).join('/')
    return paths.includes(folder === '' ? 'model.safetensors' : `${folder}/model.safetensors`)
  },
  [exported]: (path, paths) =>
    /^onnx\/|^(openvino_model\.bin|saved_model\.pb|model\.tflite|m\.ckpt\.index)$/.test(path) &&
    paths.includes('model.safetensors'),
  'an unfinished download or a temporary file': (path) => /\.(part|aria2|incomplete)$/.test(path),
  [precision]: (path, paths) => /fp32/.test(path) && paths.includes('model.safetensors'),
  [training]: (path) => /^(training_args\.bin|zero_to_fp32\.py|pytorch_model_fsdp_0\/.*)$/.test(path),
  'a checkpoint of the training beside the model': (path, paths) =>
    /^(checkpoint-|checkpoints\/|epoch_)/.test(path) && paths.includes('model.safetensors'),
  'the same weights in their original format': (path, paths) =>
    path.startsWith('original/') && paths.includes('model.safetensors'),
  'the same weights in one consolidated file': (path, paths) =>
    path.startsWith('consolidated') && paths.includes('model.safetensors'),
  [archive]: (path) => /\.(zip|tar\.gz)$/.test(path),
  'a table of data beside the model, which no server reads': (path) => path.endsWith('.parquet'),
  [forPeople]: (path) => /\.(png|mp4|pdf)$/.test(path),
  'an archive of NeMo, and no server here reads those': (path) => path.endsWith('.nemo'),
  'an importance matrix, which only quantising reads': (path) => path.includes('imatrix'),
  'not read by any server': (path) =>
    /^(README\.md|\.gitattributes|\._config\.json|__MACOSX\/.*|__pycache__\/.*|Thumbs\.db)$/.test(path),
  [noGguf]: (path, paths) => path.endsWith('.gguf') && paths.includes('model.safetensors'),
  [ggufAlone]: (path, paths) => !path.endsWith('.gguf') && paths.includes('m-Q4_K_M.gguf'),
  'one projector is passed to the engine, and it is mmproj-F16.gguf': (path, paths) =>
    path === 'mmproj-F32.gguf' && paths.includes('mmproj-F16.gguf'),
}
