import { expect, test } from 'vitest'
import { type Files, index, llama, lockFiles, model, safetensors, whole } from './contents-folder.ts'

test.each<[string, Files, string[]]>([
  [
    'a shard in numbers without zeros is absent',
    { 'config.json': JSON.stringify(llama), 'tokenizer.json': '{}', 'model-1-of-2.safetensors': model },
    ['model-2-of-2.safetensors is missing, one of the shards of model-1-of-2.safetensors'],
  ],
  [
    'an adapter that a loader would take for a part of the model',
    { ...whole, 'adapter_model.safetensors': safetensors('base_model.model.q.lora_A.weight') },
    ['adapter_model.safetensors is an adapter by its tensors', 'goes into `parts`'],
  ],
  [
    'an adapter under another name',
    { ...whole, 'my.safetensors': safetensors('base_model.model.lm_head.weight', 'a.lora_B.weight') },
    ['my.safetensors is an adapter by its tensors'],
  ],
  [
    'a pointer of another program',
    { ...whole, 'model.safetensors': '/annex/objects/SHA256E-s123--abc.safetensors\n' },
    ['model.safetensors is a short text and not the file'],
  ],
  [
    'a model of CTranslate2',
    {
      'config.json': JSON.stringify(llama),
      'vocabulary.txt': 'a',
      'model.bin': Buffer.from([6, 0, 0, 0, 23]),
    },
    ['model.bin is no file of PyTorch'],
  ],
])('refused when it is locked: %s', async (_, files, words) => {
  const error = await lockFiles('vllm', files).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'refused' })
  for (const word of words) expect(String(error)).toContain(word)
})

test.each<[string, Files]>([
  [
    'beside an index, which leaves it out',
    {
      ...whole,
      'model.safetensors.index.json': index({ 'model.embed_tokens.weight': 'model.safetensors' }),
      'adapter_model.safetensors': safetensors('base_model.model.q.lora_A.weight'),
    },
  ],
  [
    'in a folder of its own',
    { ...whole, 'sql/adapter_model.safetensors': safetensors('base_model.a.lora_A') },
  ],
  [
    'inside of a model (Phi-4-multimodal)',
    { ...whole, 'b.safetensors': safetensors('a.lora_A.speech.weight', 'c') },
  ],
])('an adapter is no fault %s', async (_, files) => {
  const { weights } = await lockFiles('vllm', files)
  expect(weights.files).toHaveLength(Object.keys(files).length)
})
