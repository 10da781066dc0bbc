import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { deploymentFor, recipeFor } from './fixtures.ts'

test.each<[string, EngineId, string[], string, string]>([
  [
    'an adapter alone',
    'vllm',
    ['adapter_model.safetensors', 'adapter_config.json', 'config.json', 'tokenizer.json'],
    'without a .safetensors',
    'adapter without its model',
  ],
  [
    'weights in a folder below',
    'vllm',
    ['config.json', 'tokenizer.json', 'fp8/model.safetensors'],
    'there is fp8/model.safetensors in a folder below',
    'not below it',
  ],
  [
    '.bin for an engine that loads none',
    'tgi',
    ['config.json', 'tokenizer.json', 'pytorch_model.bin'],
    'without a .safetensors',
    'does not load .bin',
  ],
  [
    'Mistral’s own form for an engine that loads none',
    'sglang',
    ['params.json', 'tekken.json', 'consolidated.safetensors'],
    'config.json',
    'Mistral’s own form',
  ],
  [
    'a folder of the Hub’s cache',
    'vllm',
    ['blobs/c1', 'refs/main', 'snapshots/abc/config.json'],
    'without',
    'snapshots/abc',
  ],
  [
    'what a trainer leaves alone',
    'vllm',
    ['config.json', 'tokenizer.json', 'optimizer.bin'],
    'without a .safetensors',
    'folder of transformers',
  ],
  [
    'half of a tokenizer of byte pairs',
    'vllm',
    ['config.json', 'model.safetensors', 'vocab.json'],
    'without merges.txt beside vocab.json',
    'folder of transformers',
  ],
  [
    'a pipeline of diffusers',
    'vllm',
    ['model_index.json', 'transformer/model.safetensors', 'transformer/config.json', 'tokenizer/vocab.json'],
    'without',
    'pipeline of diffusers',
  ],
  [
    'the old layout of sentence-transformers',
    'vllm',
    ['modules.json', 'T/config.json', 'T/model.safetensors', 'T/tokenizer.json'],
    'without',
    'name the folder itself, PATH/T',
  ],
  [
    'shards in a folder below',
    'vllm',
    ['config.json', 'tokenizer.json', 'shards/model.safetensors'],
    'there is shards/model.safetensors in a folder below',
    'put all parts of one model there',
  ],
  [
    'the form of the training alone',
    'vllm',
    ['consolidated.00.pth', 'params.json', 'tokenizer.model'],
    'without',
    'consolidated.00.pth is in the form in which the model was trained',
  ],
  [
    'another framework alone',
    'sglang',
    ['config.json', 'tokenizer.json', 'tf_model.h5'],
    'without',
    'tf_model.h5 is in a form that SGLang does not load',
  ],
  [
    'weights in capital letters',
    'vllm',
    ['config.json', 'tokenizer.json', 'model.SAFETENSORS'],
    'without a .safetensors',
    'rename model.SAFETENSORS to model.safetensors',
  ],
  [
    'a configuration in capital letters',
    'tgi',
    ['Config.json', 'tokenizer.json', 'model.safetensors'],
    'without config.json',
    'rename Config.json to config.json',
  ],
  [
    'an adapter that hides .bin',
    'vllm',
    ['config.json', 'tokenizer.json', 'pytorch_model.bin', 'adapter_model.safetensors'],
    'adapter_model.safetensors hides pytorch_model.bin',
    'leave adapter_model.safetensors out',
  ],
  [
    'another part that hides .bin',
    'sglang',
    ['config.json', 'tokenizer.json', 'pytorch_model-00001-of-00002.bin', 'vae.safetensors'],
    'vae.safetensors hides pytorch_model-00001-of-00002.bin',
    'exclude',
  ],
  [
    'pieces of a GGUF',
    'llama-cpp',
    ['m.Q8_0.gguf.part1of2', 'm.Q8_0.gguf.part2of2'],
    'no .gguf file',
    'join the pieces in their order',
  ],
  [
    'pieces of a GGUF under letters',
    'ollama',
    ['m.Q8_0.gguf-split-a', 'm.Q8_0.gguf-split-b'],
    'no .gguf file',
    'join the pieces in their order',
  ],
  [
    'shards with short numbers',
    'llama-cpp',
    ['m-1-of-2.gguf', 'm-2-of-2.gguf'],
    '2 GGUF models',
    'NAME-00001-of-00002.gguf',
  ],
  ['a projector alone', 'llama-cpp', ['mmproj-F16.gguf'], 'no .gguf file of a model', 'no model'],
  ['ggml from before GGUF', 'llama-cpp', ['ggml-model-q4_0.bin'], 'no .gguf file', 'before GGUF'],
  ['two models', 'llama-cpp', ['a.gguf', 'draft/d.gguf'], '2 GGUF models', 'goes into `parts`'],
])('%s is refused by name', (_, id, names, found, hint) => {
  expect(engineOf(id).refusals(deploymentFor(recipeFor(id), names))).toMatchObject([
    { path: 'weights.source', found: expect.stringContaining(found), hint: expect.stringContaining(hint) },
  ])
})

test.each<[EngineId, string[]]>([
  ['vllm', ['config.json', 'vocab.txt', 'pytorch_model-00001-of-00002.bin']],
  ['sglang', ['config.json', 'tokenizer.json', 'pytorch_model.bin']],
  ['vllm', ['config.json', 'tokenizer.json', 'model.safetensors', 'custom_head.bin']],
  ['sglang', ['config.json', 'tokenizer.json', 'pytorch_model.bin', 'speakers.pt']],
  ['vllm', ['params.json', 'tekken.json', 'consolidated-00001-of-00001.safetensors']],
  ['llama-cpp', ['MODEL-Q4_K_M.GGUF']],
  ['llama-cpp', ['m-Q4_K_M.gguf', 'NAME-mmproj-f16.gguf']],
])('%s serves %j', (id, names) => {
  expect(engineOf(id).refusals(deploymentFor(recipeFor(id), names))).toEqual([])
})
