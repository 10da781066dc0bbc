import { describe, expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { fitsOf, fitsText } from '../../../images/init/fits.ts'
import { recipeText } from '../../../images/init/recipe-text.ts'
import type { ModelName } from '../memory/models.ts'
import { planned, proposed, reasonsFor, wishes } from './asking.ts'
import { folderOffer, ggufOffer } from './offers.ts'

/** Card and model: every family and form of cache, from 0.1 to 405 billion weights, plain and packed. */
const pairs: [ModelName, string][] = [
  ['smollm2-135m', 't4'],
  ['qwen2.5-0.5b', 'rtx-3060'],
  ['qwen2.5-7b', 'l4'],
  ['qwen2.5-7b-int4', 't4'],
  ['qwen3-8b', 'l4'],
  ['qwen3-30b-a3b', 'a100-80gb'],
  ['qwen3-235b-a22b', 'h200'],
  ['qwen3.6-27b', 'l40s'],
  ['llama-3.1-8b', 'a10g'],
  ['llama-3.1-70b', 'h100'],
  ['llama-3.1-405b', 'h100'],
  ['llama-4-scout', 'h200'],
  ['llama-3.2-11b-vision', 'l40s'],
  ['llama-2-70b-gptq', 'a100-80gb'],
  ['mistral-7b', 'l4'],
  ['mistral-7b-awq', 'a10g'],
  ['mixtral-8x7b', 'h100'],
  ['gemma-2-9b', 'l4'],
  ['gemma-3-27b', 'h100'],
  ['gemma-4-12b', 'l40s'],
  ['phi-3-mini', 'l4'],
  ['phi-4', 'a100-40gb'],
  ['deepseek-v2-lite', 'l40s'],
  ['gpt-oss-20b', 'l4'],
  ['gpt-oss-120b', 'h100'],
  ['minimax-m2', 'h200'],
  ['nemotron-3-nano', 'h100'],
  ['granite-4-h-small', 'h100'],
  ['falcon-mamba-7b', 'l4'],
  ['falcon-7b', 'l4'],
  ['jamba-mini', 'h200'],
  ['kimi-linear-48b', 'h200'],
]

describe.each(pairs)('%s on %s', (model, gpu) => {
  test('gets a recipe that passes check and plan, and surely fits', () => {
    const offer = folderOffer(model)
    const proposal = proposed(offer, gpu)
    const { memory } = planned(offer, proposal)
    expect(memory).toMatchObject({ outcome: 'planned', fits: true, certain: true, gpu })
    expect(proposal.users).toBeGreaterThanOrEqual(1)
  })
})

test('a chat of two people fits wherever a recipe is found on the table', () => {
  const rows = fitsOf(folderOffer('llama-3.1-8b'), wishes)
  expect(rows.map(({ proposal }) => proposal?.users ?? 0).every((users) => users >= 2)).toBe(true)
  expect(fitsText(rows)).toMatchInlineSnapshot(`
    "card       engine  weights   context  users
    2 x t4     vllm    float16   32768    2
    rtx-3060   vllm    fp8       4096     2
    a10g       vllm    bfloat16  16384    2
    l4         vllm    bfloat16  16384    2
    rtx-4090   vllm    bfloat16  16384    2
    rtx-5090   vllm    bfloat16  32768    3
    l40s       vllm    bfloat16  32768    6
    a100-40gb  vllm    bfloat16  32768    5
    a100-80gb  vllm    bfloat16  32768    14
    h100       vllm    bfloat16  32768    14
    h200       vllm    bfloat16  32768    27
    b200       vllm    bfloat16  32768    36
    "
  `)
})

describe('files of a repository with many', () => {
  const types = { Q2_K: 3.2, Q4_K_M: 4.9, Q5_K_M: 5.7, Q6_K: 6.6, Q8_0: 8.5, F16: 16 }
  const chosen = (gpu: string | null) => proposed(ggufOffer('llama-3.1-8b', types), gpu).choices.weights.gguf

  test.each([
    [null, 'llama-3.1-8b-Q4_K_M.gguf'],
    ['rtx-3060', 'llama-3.1-8b-Q8_0.gguf'],
    ['rtx-4060', 'llama-3.1-8b-Q6_K.gguf'],
    ['h100', 'llama-3.1-8b-Q8_0.gguf'],
  ])('on %s is %s', (gpu, file) => {
    expect(chosen(gpu)).toBe(file)
  })

  test('the recipe names the file, and says of how many', () => {
    const offer = ggufOffer('llama-3.1-8b', types)
    const text = recipeText(offer, proposed(offer, 'l4'))
    expect(text).toContain('include:\n      - llama-3.1-8b-Q8_0.gguf\n')
    expect(text).toContain('chosen of 6 GGUF models there')
  })

  test('a copy of 16 bits is taken where there is no other', () => {
    expect(proposed(ggufOffer('llama-3.1-8b', { F16: 16 }), 'h100').choices.weights.gguf).toContain('F16')
  })

  test('the other engine for them plans as well', () => {
    const offer = ggufOffer('llama-3.1-8b', types)
    const proposal = proposed(offer, 'l4', { engines: [engineOf('ollama')] })
    expect(planned(offer, proposal).memory).toMatchObject({ fits: true, certain: true })
  })
})

test('a card without bfloat16 computes in float16, and the recipe says why', () => {
  const offer = folderOffer('qwen2.5-0.5b')
  const text = recipeText(offer, proposed(offer, 't4'))
  expect(text).toContain('# This card computes no bfloat16.\n  dtype: float16')
})

test('what is too large for a card is packed, and then split', () => {
  const offer = folderOffer('llama-3.1-8b')
  expect(proposed(offer, 'rtx-3060').choices).toMatchObject({ quantization: 'fp8', place: { count: 1 } })
  const large = folderOffer('qwen2.5-72b')
  const { recipe } = proposed(large, 'a100-80gb')
  expect(recipe.target.count).toBeGreaterThan(1)
  expect(recipe.serving.tensorParallel).toBe(recipe.target.count)
  expect(recipe.serving.sharedMemory).toBeGreaterThanOrEqual(2 * 1024 ** 3)
})

test('so many cards as the person says are taken', () => {
  const { recipe } = proposed(folderOffer('qwen3-8b'), 'h100', { counts: [4] })
  expect(recipe.target).toMatchObject({ gpu: 'h100', count: 4 })
})

test('what fits nowhere is told with the reason of each engine', () => {
  const said = reasonsFor(folderOffer('llama-3.1-405b'), 't4', { counts: [1] })
  expect(said).toContain('vLLM with bfloat16 on 1 x t4: does not fit')
  expect(said).toContain('TGI with bfloat16 on 1 x t4: t4 has compute capability 7.5')
})

test('an engine that loads other files is told so', () => {
  const ollama = { engines: [engineOf('ollama')] }
  expect(reasonsFor(folderOffer('qwen3-8b'), 'h100', ollama)).toBe('Ollama does not load its files')
})

test('a checkpoint that is packed needs the kernels of its own', () => {
  const offer = folderOffer('minimax-m2')
  expect(reasonsFor(offer, 't4', { engines: [engineOf('vllm')], counts: [8] })).toContain('fp8')
})
