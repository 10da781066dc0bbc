import { expect, test } from 'vitest'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { columnOf, judged, recipeWith } from './judged.ts'

function withArguments(id: EngineId, items: readonly string[]): string {
  const list = items.map((item) => `    - ${JSON.stringify(item)}`).join('\n')
  return recipeWith(id, 'serving', `  extraArguments:\n${list}`)
}

// argparse takes any beginning that one flag alone has, of one dash as of two.
test.each<[EngineId, string[], string]>([
  ['vllm', ['--ho', '127.0.0.1'], 'every interface'],
  ['vllm', ['--dt=float16'], 'serving.dtype'],
  ['vllm', ['-t', '2'], 'serving.tensorParallel'],
  ['sglang', ['--ho', '::1'], 'every interface'],
  ['sglang', ['--po', '80'], 'serving.port'],
  ['sglang', ['--dt', 'half'], 'serving.dtype'],
])('%s: the beginning of a flag that ingot sets is that flag: %j', (id, items, hint) => {
  const text = withArguments(id, items)
  expect(judged(text).problems).toMatchObject([
    { ...columnOf(text, JSON.stringify(items[0])), hint: expect.stringContaining(hint) },
  ])
})

test.each<[EngineId, string[]]>([
  ['vllm', ['--load-format', 'dummy']],
  ['vllm', ['--load_format=dummy']],
  ['vllm', ['--load-f', 'Dummy']],
  ['sglang', ['--load-format', 'dummy']],
])('%s: %j would serve random numbers under the name of the model', (id, items) => {
  const text = withArguments(id, items)
  expect(judged(text).problems).toMatchObject([
    { path: 'serving.extraArguments.0', message: expect.stringContaining('random numbers') },
  ])
})

test.each<[EngineId, string[]]>([
  ['vllm', ['--load-format', 'runai_streamer']],
  ['vllm', ['--load-format=bitsandbytes']],
  ['vllm', ['-O3', '-dp', '1']],
  ['sglang', ['--dp', '1', '--ep', '1', '--load-format', 'auto']],
  ['llama-cpp', ['--hos', 'x']],
])('%s takes %j, or says itself what is wrong', (id, items) => {
  expect(judged(withArguments(id, items)).problems).toEqual([])
})

// Names that llama-server b11669 and llama-cli 0.27.0 list.
test.each<[string[], string]>([
  [['--gpt-oss-20b-default'], 'weights.source'],
  [['--embd-gemma-default'], 'weights.source'],
  [['-hfd', 'acme/draft'], 'drafter'],
  [['--spec-draft-hf', 'acme/draft'], 'drafter'],
  [['-hft', 'Ab1Ab1Ab1'], 'weights.source.token'],
])('llama.cpp: %j names what a server without a network cannot get', (items, hint) => {
  expect(judged(withArguments('llama-cpp', items)).problems[0]).toMatchObject({
    path: 'serving.extraArguments.0',
    hint: expect.stringContaining(hint),
  })
})

test.each<[EngineId, string]>([
  ['vllm', 'OPENSSL_CONF'],
  ['vllm', 'OPENSSL_MODULES'],
  ['sglang', 'CUDA_INJECTION64_PATH'],
  ['llama-cpp', 'VK_LAYER_PATH'],
  ['llama-cpp', 'VK_INSTANCE_LAYERS'],
  ['llama-cpp', 'LLAMA_ARG_UI'],
  ['llama-cpp', 'LLAMA_ARG_API_KEY_FILE'],
  ['llama-cpp', 'LLAMA_ARG_SPEC_DRAFT_HF_REPO'],
])('%s: the variable %s is refused', (id, name) => {
  const text = recipeWith(id, 'serving', `  environment:\n    ${name}: /x`)
  expect(judged(text).problems).toMatchObject([{ path: `serving.environment.${name}` }])
})
