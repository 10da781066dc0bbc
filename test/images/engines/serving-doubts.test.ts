import { expect, test } from 'vitest'
import { servingDoubts } from '../../../images/engines/serving-doubts.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { smallLlama } from '../../small-llama.ts'
import { deploymentFor, recipeFor } from './fixtures.ts'

const config = { ...smallLlama, max_position_embeddings: 2048 }

function doubtsOf(change: (serving: Recipe['serving']) => void, more: object = {}): string[] {
  const recipe = recipeFor('vllm', ({ serving }) => change(serving))
  return servingDoubts({ ...deploymentFor(recipe), facts: factsFromConfig({ ...config, ...more }) })
}

const length =
  (tokens: number) =>
  (serving: Recipe['serving']): void => {
    serving.contextLength = tokens
  }

test.each<[number, object, string[]]>([
  [2048, {}, []],
  [2049, {}, ['2049 tokens are more than the 2048 that the model declares']],
  [8192, { rope_scaling: { rope_type: 'linear', factor: 4 } }, []],
  [8193, { rope_scaling: { rope_type: 'linear', factor: 4 } }, ['more than the 8192']],
  [
    4096,
    { rope_scaling: { rope_type: 'llama3', factor: 8, original_max_position_embeddings: 256 } },
    ['the 2048'],
  ],
  [4096, { max_position_embeddings: undefined }, []],
])('a context of %i tokens for %j', (tokens, more, words) => {
  expect(doubtsOf(length(tokens), more)).toEqual(words.map((part) => expect.stringContaining(part)))
})

test.each<[number | undefined, string[]]>([
  [undefined, []],
  [8000, []],
  [80, ['80 is below 1024']],
])('port %s', (port, words) => {
  const doubts = doubtsOf((serving) => {
    if (port !== undefined) serving.port = port
  })
  expect(doubts).toEqual(words.map((part) => expect.stringContaining(part)))
})

test.each<[string[], string[]]>([
  [['--runner', 'pooling'], ['--runner pooling makes a server for vectors']],
  [['--convert=embed'], ['--convert makes a server for vectors']],
  [['--runner', 'generate'], []],
  [['--nnodes', '2'], ['--nnodes 2 waits for other machines']],
  [['--nnodes=1'], []],
])('%j for a model that chats', (items, words) => {
  const doubts = doubtsOf((serving) => void serving.extraArguments.push(...items))
  expect(doubts).toEqual(words.map((part) => expect.stringContaining(part)))
})

test.each([
  ['chat', ['Name a colour.'], []],
  ['embedding', undefined, []],
  [
    'embedding',
    ['Name a colour.'],
    ['verify.prompts: the model is served for embedding and generates no text'],
  ],
] as const)('a model for %s with the prompts %j', (task, prompts, words) => {
  const recipe = recipeFor('vllm', ({ verify, model }) => {
    model.task = task
    if (prompts !== undefined) verify.prompts = [...prompts]
  })
  expect(servingDoubts(deploymentFor(recipe))).toEqual(words.map((part) => expect.stringContaining(part)))
})
