import { describe, expect, test } from 'vitest'
import { findGpu } from '../../../images/memory/gpus.ts'
import { comparePaging } from '../../../images/memory/paging.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import { sumOf } from '../../../recipes/model-facts.ts'
import { factsOf, GiB, type ModelName } from './models.ts'
import { type EngineRequest, planFor } from './plan-for.ts'
import { plan } from './vector.ts'

/** Bytes per token at 16 bits on one GPU: 2 x layers x KV heads x head size x 2. */
const perToken: [ModelName, number][] = [
  ['llama-3.1-8b', 131072],
  ['mistral-7b', 131072],
  ['mixtral-8x7b', 131072],
  ['llama-3.1-70b', 327680],
  ['qwen2.5-72b', 327680],
  ['llama-3.1-405b', 516096],
  ['qwen2.5-7b', 57344],
  ['qwen3-8b', 147456],
  ['qwen3-14b', 163840],
  ['qwen3-32b', 262144],
  ['qwen3-30b-a3b', 98304],
  ['qwen3-235b-a22b', 192512],
  ['phi-3-mini', 393216],
  ['phi-4', 204800],
  ['gemma-2-9b', 344064],
  ['gemma-2-27b', 376832],
  ['gemma-3-27b', 507904],
  ['gpt-oss-20b', 49152],
  ['gpt-oss-120b', 73728],
  ['deepseek-v2-lite', 31104],
  ['deepseek-v3', 70272],
  ['minimax-m2', 253952],
  ['nemotron-3-nano', 6144],
  ['llama-4-scout', 196608],
  ['falcon-7b', 8192],
  ['falcon-40b', 122880],
  ['mpt-30b', 1376256],
  ['chatglm3-6b', 28672],
]

test.each(perToken)('%s takes %i bytes per token', (model, bytes) => {
  expect(
    plan(model, { engine: 'vllm', gpu: 'b300', availableKvBytes: GiB, maxModelLen: 2048 }).kvBytesPerToken,
  ).toBe(bytes)
})

describe('the worked numbers', () => {
  test('70 GiB of an A100-80 hold 573,440 tokens of Llama-3.1-8B, 140 sequences of 4,096', () => {
    const result = plan('llama-3.1-8b', {
      engine: 'vllm',
      gpu: 'a100-80gb',
      availableKvBytes: 70 * GiB,
      maxModelLen: 4096,
      meanTokens: 256,
    })
    expect(result).toMatchObject({ kvTokens: 573440, maxConcurrency: 140 })
    expect(result.paging).toMatchObject({ reservedSequences: 140, pagedSequences: 2240 })
  })

  test('at a mean of 200 tokens reserving wastes over 95 %, pages at most 7.5 %', () => {
    const paging = comparePaging(573440, 4096, 200, 16)
    expect(paging.reservedWaste).toBeGreaterThan(0.95)
    expect(paging.pagedWasteAtMost).toBe(0.075)
  })

  test('10 GiB of an L4 hold 81,920 tokens of Mistral-7B, 20 users of 4K', () => {
    const result = plan('mistral-7b', {
      engine: 'vllm',
      gpu: 'l4',
      availableKvBytes: 10 * GiB,
      maxModelLen: 4096,
    })
    expect(result).toMatchObject({ kvTokens: 81920, maxConcurrency: 20 })
  })

  test('7B in 16 bits is about 14 GB, 70B about 140 GB and 35 GB at 4 bits', () => {
    const of = (model: ModelName, bits: number) => (sumOf(factsOf(model).parameters ?? {}) * bits) / 8 / 1e9
    expect(of('mistral-7b', 16)).toBeCloseTo(14.5, 1)
    expect(of('llama-3.1-70b', 16)).toBeCloseTo(141.1, 1)
    expect(of('llama-3.1-70b', 4)).toBeCloseTo(35.3, 1)
    const real = planFor({
      facts: factsOf('llama-3.1-70b'),
      engine: 'vllm',
      gpu: findGpu('h200'),
      quantization: 'gptq',
    })
    expect(real.outcome === 'planned' && real.weightsBytes / 1e9).toBeCloseTo(39.8, 1)
  })
})

test.each([
  ['l4', 18.7],
  ['l40s', 53.8],
  ['h100', 208.6],
  ['h200', 298.9],
])('Llama-3.1-8B on %s decodes at most %f tokens/s', (gpu, bound) => {
  const result = plan('llama-3.1-8b', { engine: 'vllm', gpu, maxModelLen: 4096 })
  expect(result.decodeTokensPerSecondUpperBound).toBeCloseTo(bound, 1)
})

test('states of Nemotron-Nano-9B-v2 make a block of 672 tokens in v0.10.1', () => {
  const result = plan('nemotron-nano-9b-v2', {
    engine: 'vllm',
    engineVersion: '0.10.1',
    gpu: 'h100',
    availableKvBytes: 10 * GiB,
    maxModelLen: 131072,
  })
  expect(result.kvBlockTokens).toBe(672)
})

test('Qwen3.5-35B-like on v0.19 prints 290,864 tokens for 1,487 blocks and 33.04 sequences (vllm#40691)', () => {
  const result = plan('qwen3.6-27b', {
    engine: 'vllm',
    engineVersion: '0.19.0',
    gpu: 'h20',
    availableKvBytes: 1487 * 16 * 784 * 4096,
    maxModelLen: 32768,
  })
  expect(result).toMatchObject({ kvTokens: 290864, kvBlocks: 1487, kvBlockTokens: 784 })
  expect(result.maxConcurrency).toBeCloseTo(33.04, 2)
})

test.each<[ModelName, number]>([
  ['gpt-oss-120b', 65248815744],
  ['gpt-oss-20b', 13761264768],
])('%s has %i bytes of weights', (model, bytes) => {
  expect(plan(model, { engine: 'vllm', gpu: 'h200', maxModelLen: 4096 }).weightsTotalBytes).toBe(bytes)
})

describe('what cannot be told', () => {
  const base = { engine: 'vllm', gpu: findGpu('l4'), maxModelLen: 4096 } as const

  test('a configuration without sizes names what is missing', () => {
    const result = planFor({ ...base, facts: factsFromConfig({ model_type: 'llama' }) })
    expect(result).toMatchObject({ outcome: 'cannot-tell', fits: null })
    expect(result.outcome === 'cannot-tell' && result.missing).toContain('num_hidden_layers')
  })

  test('a family that nobody knows is planned from its keys, and never with certainty', () => {
    const config = {
      model_type: 'frobnicate',
      architectures: ['FrobnicateForCausalLM'],
      hidden_size: 4096,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      vocab_size: 32000,
      intermediate_size: 11008,
    }
    const result = planFor({ ...base, availableKvBytes: 20 * GiB, facts: factsFromConfig(config) })
    const doubt =
      'FrobnicateForCausalLM (frobnicate) is not a family known here; its layers were read from its keys'
    expect(result).toMatchObject({ outcome: 'planned', fits: true, certain: false, kvBytesPerToken: 524288 })
    expect(result.verdict).toContain(doubt)
    expect(result.warnings).toContain(doubt)
  })

  test.each([
    ['deepseek_v4', {}, 'compressed attention'],
    ['deepseek_v41', {}, 'compressed attention'],
    ['deepseek_v41', { compress_ratios: [1, 2], head_dim: 8, sliding_window: 4 }, 'groups of 2 tokens'],
    ['llama', { compress_ratios: [4, 128] }, 'compressed attention'],
    ['llama', { nsa_block_size: 64 }, 'what nsa_block_size does to its cache'],
    ['recurrent_gemma', {}, 'RG-LRU'],
  ])('a newer %s with %j is not guessed', (model_type, more, words) => {
    const sizes = { hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4, vocab_size: 100 }
    const result = planFor({ ...base, facts: factsFromConfig({ model_type, ...sizes, ...more }) })
    expect(result).toMatchObject({ outcome: 'cannot-tell', fits: null })
    expect(result.verdict).toContain(words)
  })

  test('weights of unknown size are asked for', () => {
    const facts = { ...factsOf('llama-3.1-8b'), parameters: null }
    expect(planFor({ ...base, facts }).verdict).toContain('--weights-bytes')
    expect(planFor({ ...base, facts, availableKvBytes: GiB }).outcome).toBe('planned')
  })
})

describe('advice', () => {
  test('names at least three ways out that were planned again', () => {
    const request: EngineRequest = {
      facts: factsOf('llama-3.1-70b'),
      engine: 'vllm',
      gpu: findGpu('h100'),
      maxModelLen: 8192,
    }
    const result = planFor(request)
    if (result.outcome !== 'planned') throw new Error(result.verdict)
    expect(result.fits).toBe(false)
    expect(result.advice.length).toBeGreaterThanOrEqual(3)
    expect(result.advice.map((advice) => advice.option)).toEqual([
      '--quantization awq',
      '--tp 2',
      '--gpu b200',
    ])
  })

  test('is silent where it surely fits', () => {
    expect(plan('llama-3.1-8b', { engine: 'vllm', gpu: 'h100', maxModelLen: 8192 }).advice).toEqual([])
  })

  test('does not promise at the edge', () => {
    const result = plan('llama-3.1-8b', { engine: 'vllm', gpu: 'l4', maxModelLen: 34000 })
    expect(result.certain).toBe(false)
    expect(result.verdict).toContain('nearer to the edge')
  })
})

test.each([
  [{ tp: 3 }, '32 attention heads do not divide'],
  [{ tp: 0 }, 'tp 0 is not a positive whole number'],
  [{ gpuMemoryUtilization: 90 }, 'gpuMemoryUtilization 90 is not between 0 and 1'],
  [{ kvCacheDtype: 'fp7' }, 'its size per element is not known'],
  [{ engineVersion: 'newest' }, 'it does not begin with numbers'],
])('%o is refused', (options, message) => {
  expect(() => plan('llama-3.1-8b', { engine: 'vllm', gpu: 'l4', ...options })).toThrow(message)
})
