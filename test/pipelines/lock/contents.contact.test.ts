import { expect, test } from 'vitest'
import { gguf, ggufMetadata } from '../memory-files.ts'
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
const adapter = gguf(
  { 'general.type': 'adapter', 'general.architecture': 'llama' },
  { 'blk.0.attn_q.weight.lora_a': 1 },
)

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

test.each<[string, Files, string]>([
  ['a model', { 'm.gguf': gguf(ggufMetadata, { 'token_embd.weight': 400 }) }, 'm.gguf has'],
  ['a model cut inside its header', { 'm.gguf': llamaGguf.subarray(0, 200) }, 'm.gguf'],
  [
    'a projector',
    { 'm.gguf': llamaGguf, 'mmproj-F16.gguf': gguf({ 'general.architecture': 'clip' }, { 'v.patch': 400 }) },
    'mmproj-F16.gguf has',
  ],
  ['a shard that is absent', { 'm-00001-of-00002.gguf': llamaGguf }, 'm-00002-of-00002.gguf is missing'],
  ['a pointer', { 'm.gguf': pointer }, 'Git LFS pointer'],
  ['a page', { 'm.gguf': page }, 'm.gguf is a page of a web server'],
  ['an adapter alone', { 'm.gguf': adapter }, 'm.gguf is an adapter by its header'],
  ['a vocabulary', { 'm.gguf': gguf(ggufMetadata, {}) }, 'm.gguf has no tensors'],
  [
    'version 1',
    { 'm.gguf': Buffer.concat([Buffer.from('GGUF\x01\0\0\0'), Buffer.alloc(100)]) },
    'GGUF of version 1',
  ],
])('a GGUF that is not complete is refused when it is locked: %s', async (_, files, words) => {
  await expect(lockFiles('llama-cpp', files)).rejects.toThrow(words)
})

test('what Python reads as JSON is no fault', async () => {
  const config = JSON.stringify(llama).replace('{', '{"time_step_limit": [0.0, Infinity], "note": "NaN",')
  const { model: facts } = await lockFiles('vllm', { ...whole, 'config.json': config })
  expect(facts).toMatchObject({ hiddenSize: 64, weights: { totalBytes: 8 } })
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
