import { expect, test } from 'vitest'
import {
  type Files,
  index,
  llama,
  llamaGguf,
  lockFiles,
  model,
  pointer,
  safetensors,
  shard,
  whole,
} from './contents-folder.ts'

const page = '<!DOCTYPE html>\n<html><body>Please log in</body></html>'

const one = 'model-00001-of-00001.safetensors'
const two = safetensors('model.embed_tokens.weight', 'lm_head.weight')

/** A safetensors file with tensors of two floats at these places. */
function placed(...places: [number, number][]): Buffer {
  const entries = places.map((place, i) => [`t${i}`, { dtype: 'F32', shape: [2], data_offsets: place }])
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(Math.max(...places.map(([, end]) => end)))])
}

test.each<[string, Files, string[]]>([
  [
    'a shard that an index names is absent',
    {
      ...whole,
      'model.safetensors': '',
      [shard(1)]: model,
      'model.safetensors.index.json': index({ 'model.embed_tokens.weight': shard(1), b: shard(2) }),
    },
    [`${shard(2)} is missing, and model.safetensors.index.json names it`],
  ],
  [
    'a shard is absent that the others count, without an index',
    { ...whole, [shard(1)]: model },
    [`${shard(2)} is missing, one of the shards of ${shard(1)}`],
  ],
  [
    'an index places a tensor in a file that lacks it',
    { ...whole, 'model.safetensors.index.json': index({ 'lm_head.weight': 'model.safetensors' }) },
    ['model.safetensors lacks the tensor lm_head.weight'],
  ],
  ['safetensors that were cut', { ...whole, 'model.safetensors': model.subarray(0, -1) }, ['it was cut']],
  [
    'safetensors cut inside the header',
    { ...whole, 'model.safetensors': model.subarray(0, 20) },
    ['ends inside its safetensors header'],
  ],
  [
    'safetensors with more behind',
    { ...whole, 'model.safetensors': Buffer.concat([model, Buffer.from('x')]) },
    ['something was added'],
  ],
  [
    'a cut module in a folder below',
    { ...whole, '2_Dense/model.safetensors': model.subarray(0, -3) },
    ['2_Dense/model.safetensors has'],
  ],
  [
    'a pointer in place of weights',
    { ...whole, 'model.safetensors': pointer },
    ['model.safetensors is a Git LFS pointer', 'git lfs pull'],
  ],
  [
    'a pointer in place of a tokenizer',
    { ...whole, 'tokenizer.json': pointer },
    ['tokenizer.json is a Git LFS pointer'],
  ],
  [
    'a page in place of weights',
    { ...whole, 'model.safetensors': page },
    ['model.safetensors is a page of a web server'],
  ],
  ['a page in place of a vocabulary', { ...whole, 'tokenizer.model': page }, ['tokenizer.model is a page']],
  [
    'the error of an object store',
    { ...whole, 'tokenizer.json': '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>' },
    ['tokenizer.json is a page'],
  ],
  [
    'a tensor whose shape does not fit its place',
    {
      ...whole,
      'model.safetensors': Buffer.from(
        model.toString('latin1').replace('"shape":[2]', '"shape":[4]'),
        'latin1',
      ),
    },
    ['gives its tensor model.embed_tokens.weight a shape of 16 bytes and a place of 8'],
  ],
  [
    'a configuration that says nothing',
    { ...whole, 'config.json': '{"hidden_size": 64}' },
    ['config.json names neither model_type nor architectures'],
  ],
  [
    'a tensor that begins inside the one before',
    { ...whole, 'model.safetensors': placed([0, 8], [4, 12]) },
    ['places its tensor t1 at 4, and the one before it ends at 8'],
  ],
  [
    'a hole between tensors',
    { ...whole, 'model.safetensors': placed([0, 8], [16, 24]) },
    ['places its tensor t1 at 16, and the one before it ends at 8'],
  ],
  [
    'a GGUF under the name of safetensors',
    { ...whole, 'model.safetensors': llamaGguf },
    ['model.safetensors is a GGUF file under the name of another form'],
  ],
  [
    'an archive of PyTorch under the name of safetensors',
    { ...whole, 'model.safetensors': `PK\x03\x04${'x'.repeat(500)}` },
    ['model.safetensors is an archive of PyTorch'],
  ],
  [
    'an index of nothing',
    { ...whole, 'model.safetensors.index.json': index({}) },
    ['model.safetensors.index.json is an index that names no file'],
  ],
  [
    'an index with a hole',
    { ...whole, 'model.safetensors.index.json': '{"weight_map": {"a": null}}' },
    ['is an index that names no file for a'],
  ],
  [
    'a shard under a name in other letters',
    {
      ...whole,
      'Model-00001-of-00001.safetensors': model,
      'model.safetensors.index.json': index({ a: one }),
    },
    [`${one} is missing`, 'there is Model-00001-of-00001.safetensors, in other letters'],
  ],
  [
    'a second copy under a browser’s name',
    { ...whole, 'model.safetensors': two, 'model (1).safetensors': two },
    ['model.safetensors holds tensors that model (1).safetensors has as well'],
  ],
  [
    'shards beside the whole, without an index',
    { ...whole, 'model.safetensors': two, [shard(1)]: model, [shard(2)]: safetensors('lm_head.weight') },
    [`model.safetensors holds tensors that ${shard(1)} has as well`],
  ],
  ['a tokenizer that is a list', { ...whole, 'tokenizer.json': '[]' }, ['tokenizer.json holds no object']],
  ['modules that are a word', { ...whole, 'modules.json': '"x"' }, ['modules.json']],
  [
    'a byte order mark',
    { ...whole, 'config.json': `\ufeff${JSON.stringify(llama)}` },
    ['config.json begins with a byte order mark'],
  ],
  [
    'two bytes a letter',
    { ...whole, 'config.json': Buffer.from(`\ufeff${JSON.stringify(llama)}`, 'utf16le') },
    ['config.json is not written in UTF-8'],
  ],
  [
    'a comma too many',
    { ...whole, 'generation_config.json': '{\n"a": 1,\n}' },
    ['is no JSON, from line 3 column 1 on'],
  ],
  [
    'a chat template without a word',
    { ...whole, 'chat_template.jinja': '' },
    ['chat_template.jinja is empty'],
  ],
  ['an empty config', { ...whole, 'config.json': '' }, ['config.json is empty']],
  [
    'a cut tokenizer',
    { ...whole, 'tokenizer.json': '{"model": {"vocab": ' },
    ['tokenizer.json ends in the middle of its JSON'],
  ],
  ['an empty vocabulary', { ...whole, 'vocab.txt': '' }, ['vocab.txt is empty']],
  [
    'an archive of PyTorch that was cut',
    { 'config.json': '{}', 'tokenizer.json': '{}', 'pytorch_model.bin': `PK\x03\x04${'x'.repeat(2000)}` },
    ['pytorch_model.bin has no end of its archive'],
  ],
])('refused when it is locked: %s', async (_, files, words) => {
  const error = await lockFiles('vllm', files).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'refused' })
  for (const word of words) expect(String(error) + JSON.stringify(error)).toContain(word)
})

test('what Python reads as JSON is no fault', async () => {
  const config = JSON.stringify(llama).replace('{', '{"time_step_limit": [0.0, Infinity], "note": "NaN",')
  const { model: facts } = await lockFiles('vllm', { ...whole, 'config.json': config })
  expect(facts).toMatchObject({ hiddenSize: 64, weights: { totalBytes: 8 } })
})

test('what each rank holds for itself is no second copy', async () => {
  const rank = (n: number) => `model-rank-${n}-part-0.safetensors`
  const { 'model.safetensors': _, ...rest } = whole
  const { weights } = await lockFiles('vllm', { ...rest, [rank(0)]: model, [rank(1)]: model })
  expect(weights.files.map(({ path }) => path)).toContain(rank(1))
})

test('a spare shard goes with its reason, and an index of another model in a folder below is its own', async () => {
  const { weights } = await lockFiles('vllm', {
    ...whole,
    [shard(1)]: model,
    [shard(2)]: safetensors('b'),
    'model.safetensors.index.json': index({ 'model.embed_tokens.weight': shard(1), b: shard(2) }),
    'text_encoder/model.safetensors': model,
  })
  expect(weights.skipped).toEqual([
    {
      path: 'model.safetensors',
      sizeBytes: model.length,
      reason: 'model.safetensors.index.json names other files as the model',
    },
  ])
})
