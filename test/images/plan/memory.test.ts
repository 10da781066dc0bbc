import { describe, expect, test } from 'vitest'
import { memoryWords } from '../../../images/plan/memory.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, readRecipe } from '../engines/fixtures.ts'
import { factsOf } from '../memory/models.ts'

const llama8b = factsFromConfig({
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 4096,
  intermediate_size: 14336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128256,
  max_position_embeddings: 131072,
  rope_theta: 500000,
  torch_dtype: 'bfloat16',
  tie_word_embeddings: false,
})

function planned(change: (recipe: Recipe) => void) {
  const recipe = readRecipe('llama-3.1-8b-vllm-baked.yaml')
  change(recipe)
  return planImage(recipe, { ...lockFor(recipe), model: llama8b })
}

describe('a recipe that fits', () => {
  const plan = planned((recipe) => {
    recipe.target.gpu = 'a100-80gb'
    recipe.serving.contextLength = 4096
  })

  test('carries the numbers in the plan and in the labels of the image', () => {
    expect(plan.memory).toMatchObject({ outcome: 'planned', fits: true, kvBytesPerToken: 131072 })
    expect(plan.config.Labels).toMatchObject({
      'dev.ingot.memory.gpu': '1 x a100-80gb',
      'dev.ingot.memory.fits': 'true',
      'dev.ingot.memory.kv-tokens': expect.stringMatching(/^\d{5,}$/),
    })
  })

  test('says in one sentence for run files what was planned', () => {
    expect(memoryWords(plan.memory)).toEqual([
      expect.stringMatching(
        /^GPU memory: planned to fit 1 x a100-80gb; 14\.99 GiB of weights a GPU, cache for \d+ tokens/,
      ),
    ])
  })

  test('predicts what the card allows: its bandwidth over the bytes of the weights, at the most', () => {
    const { tokensPerSecond = 0, firstTokenMs } = plan.predictedMemory?.bound ?? {}
    // 2039 GB/s of the card, 16.1 GB of weights read for every token.
    expect(tokensPerSecond).toBeGreaterThan(100)
    expect(tokensPerSecond).toBeLessThan(2039 / 15)
    expect(firstTokenMs).toBeGreaterThan(1)
  })

  test('predicts parts that add up to what the server lets itself use', () => {
    const parts = plan.predictedMemory?.parts ?? []
    const sum = parts.reduce((total, part) => total + part.sizeBytes, 0)
    expect(parts.map((part) => part.cause)).toContain('weights')
    expect(Math.abs(sum / (plan.predictedMemory?.limitBytes ?? 0) - 1)).toBeLessThan(0.001)
  })
})

test('a recipe that cannot fit is refused with the numbers and ways out', () => {
  const refused = () =>
    planned((recipe) => {
      recipe.target.gpu = 'l4'
      recipe.serving.contextLength = 131072
      recipe.serving.gpuMemoryUtilization = 0.9
    })
  expect(refused).toThrow(
    expect.objectContaining({
      code: 'refused',
      message: expect.stringMatching(/1 x l4.*weights 14\.99 GiB.*cache of one sequence 16\.00 GiB/),
    }),
  )
  expect(refused).toThrow(expect.objectContaining({ hint: expect.stringMatching(/; or .*; or /) }))
})

test('without facts of the model nothing is claimed', () => {
  const recipe = readRecipe('llama-3.1-8b-vllm-baked.yaml')
  const plan = planImage(recipe, lockFor(recipe))
  expect(plan.memory).toBeNull()
  expect(Object.keys(plan.config.Labels ?? {}).filter((name) => name.includes('memory'))).toEqual([])
})

test('on a CPU windowed layers keep their window, once for each sequence', () => {
  const recipe = readRecipe('smollm2-135m-llama-cpp.yaml')
  recipe.serving.contextLength = 8192
  recipe.serving.parallelism = 2
  const plan = planImage(recipe, { ...lockFor(recipe), model: factsOf('gemma-3-4b') })
  expect(plan.predictedMemory).toMatchObject({ of: 'host', limitBytes: null })
  expect(plan.predictedMemory?.parts.find((part) => part.cause === 'KV cache')?.sizeBytes).toBe(
    5 * 2 * 8192 * 4096 + 29 * 2 * 1536 * 4096,
  )
})
