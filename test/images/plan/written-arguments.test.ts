import { expect, test } from 'vitest'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { columnOf, judged, recipeWith } from './judged.ts'

function withItems(id: EngineId, items: readonly string[]): string {
  const list = items.map((item) => `    - ${JSON.stringify(item)}`).join('\n')
  return recipeWith(id, 'serving', `  extraArguments:\n${list}`)
}

test.each<[EngineId, string[], number, string]>([
  ['vllm', ['\u2013-enforce-eager'], 0, 'hyphens'],
  ['vllm', ['\u2014max-loras', '4'], 0, 'hyphens'],
  ['sglang', ['"--enable-mixed-chunk"'], 0, 'without them'],
  ['vllm', ['--seed', '$SEED'], 1, 'the value itself'],
  ['vllm', [`--seed=\${SEED:-1}`], 0, 'the value itself'],
  ['llama-cpp', ['--threads', '$(nproc)'], 1, 'the value itself'],
  ['vllm', ['--limit-mm-per-prompt', '{image: 2}'], 1, 'double quotes'],
  ['vllm', ["--override-generation-config={'temperature': 0.5}"], 0, 'double quotes'],
  ['vllm', ['Qwen/Qwen3-8B'], 0, 'leave it out'],
  ['vllm', ['--max-loras=4', '8'], 1, 'leave it out'],
  ['vllm', ['--enable-lora', 'True'], 1, 'leave out --enable-lora'],
  ['sglang', ['--disable-radix-cache', 'false'], 1, 'leave out --disable-radix-cache'],
])('%s: what only a shell or a page makes of %j is refused at item %i: %s', (id, items, index, hint) => {
  const text = withItems(id, items)
  expect(judged(text).problems).toMatchObject([
    {
      path: `serving.extraArguments.${index}`,
      ...columnOf(text, JSON.stringify(items[index])),
      hint: expect.stringContaining(hint),
    },
  ])
})

test.each<[EngineId, string[]]>([
  [
    'vllm',
    ['--default-chat-template-kwargs', '{"enable_thinking": false}', '--lora-modules', 'a=/x', 'b=/y'],
  ],
  [
    'vllm',
    ['--chat-template', '{% for m in messages %}{{ m: 1 }}{% endfor %}', '--api-key-header', '$1.00 a token'],
  ],
  ['llama-cpp', ['--flash-attn', 'on', '--grammar', 'root ::= "{" ":" "}"']],
  ['tgi', ['--trust-remote-code', 'true']],
])('%s takes %j as they are', (id, items) => {
  expect(judged(withItems(id, items)).problems).toEqual([])
})
