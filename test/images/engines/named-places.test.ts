import { expect, test } from 'vitest'
import { placeDoubts, placeRefusals } from '../../../images/engines/named-places.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { deploymentFor, recipeFor } from './fixtures.ts'

const names = [
  'config.json',
  'model.safetensors',
  'tokenizer.json',
  'chat.jinja',
  'adapters/sql/adapter_config.json',
]
const at = '/models/smollm2-135m-instruct'

function said(id: EngineId, items: string[], change: (recipe: Recipe) => void = () => undefined) {
  const recipe = recipeFor(id, (draft) => {
    draft.serving.extraArguments = items
    change(draft)
  })
  const deployment = deploymentFor(recipe, names)
  expect(deployment.modelPath).toBe(recipe.weights.delivery === 'hf-cache' ? deployment.modelPath : at)
  return { refusals: placeRefusals(deployment), doubts: placeDoubts(deployment) }
}

test.each<[EngineId, string[], number, string]>([
  ['vllm', ['--tokenizer', 'acme/base'], 1, '--tokenizer names acme/base'],
  ['vllm', ['--tokenizer=gpt2'], 0, '--tokenizer names gpt2'],
  ['vllm', ['--hf_config_path', 'acme/base'], 1, '--hf-config-path names acme/base'],
  ['vllm', ['--lora-modules', `a=${at}/adapters/sql`, 'b=acme/lora'], 2, 'names acme/lora'],
  ['vllm', ['--lora-modules', '{"name": "a", "path": "acme/lora"}'], 1, 'names acme/lora'],
  ['vllm', ['--speculative-config', '{"model": "acme/draft", "num_speculative_tokens": 3}'], 1, 'acme/draft'],
  ['vllm', ['--speculative-config.model', 'acme/draft'], 1, 'acme/draft'],
  ['sglang', ['--speculative-draft-model-path', 'acme/draft'], 1, 'acme/draft'],
  ['sglang', ['--lora-paths', 'a=acme/lora', '--max-loras-per-batch', '2'], 1, 'names acme/lora'],
  ['vllm', ['--chat-template', 'templates/chat.jinja'], 1, 'names templates/chat.jinja'],
  ['vllm', ['--chat-template', '$HOME/chat.jinja'], 1, 'no place in the image'],
  ['vllm', ['--chat-template', `${at}/other.jinja`], 1, 'the model’s folder has no such file'],
  ['vllm', ['--lora-modules', `a=${at}/adapters/chat`], 1, 'the model’s folder has no such file'],
])('%s refuses %j at item %i', (id, items, index, words) => {
  expect(said(id, items).refusals).toMatchObject([
    { path: `serving.extraArguments.${index}`, found: expect.stringContaining(words) },
  ])
})

test.each<[EngineId, string[]]>([
  ['vllm', ['--tokenizer', at]],
  ['vllm', ['--chat-template', `${at}/chat.jinja`, '--lora-modules', `sql=${at}/adapters/sql`]],
  ['vllm', ['--chat-template', '{{ messages[0].content }}/{{ x }}']],
  ['vllm', ['--speculative-config', '{"method": "ngram", "num_speculative_tokens": 3}']],
  ['vllm', ['--speculative-config', 'no json']],
  ['sglang', ['--chat-template', 'chatml']],
  ['vllm', ['--tokenizer-mode', 'mistral', '--root-path', '/llm']],
])('%s takes %j', (id, items) => {
  expect(said(id, items)).toEqual({ refusals: [], doubts: [] })
})

test('a file that neither weights nor the recipe bring is told, and one of the recipe is not', () => {
  const items = ['--chat-template', '/templates/x.jinja']
  expect(said('vllm', items)).toEqual({
    refusals: [],
    doubts: [expect.stringContaining('extraArguments.1: --chat-template names /templates/x.jinja')],
  })
  const own = said('vllm', items, ({ image }) => {
    image.files = [{ from: 'templates', to: '/templates', exclude: [] }]
  })
  expect(own.doubts).toEqual([])
})

test('the volume of a Hub’s cache may hold what the image does not', () => {
  const { refusals } = said('vllm', ['--tokenizer', 'acme/base'], ({ weights }) => {
    weights.delivery = 'hf-cache'
  })
  expect(refusals).toEqual([])
})
