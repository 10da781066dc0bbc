import { describe, expect, test } from 'vitest'
import { engineOf, engines } from '../../../images/engines/engines.ts'
import { fitsOf, fitsText } from '../../../images/init/fits.ts'
import type { ModelOffer } from '../../../images/init/offer.ts'
import { type InitWishes, type Proposal, propose } from '../../../images/init/propose.ts'
import { recipeText } from '../../../images/init/recipe-text.ts'
import { judgeRecipe } from '../../../images/plan/judge-recipe.ts'
import { type ImagePlan, planImage } from '../../../images/plan/plan.ts'
import { parseRecipe } from '../../../recipes/parse.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor } from '../engines/fixtures.ts'
import type { ModelName } from '../memory/models.ts'
import { folderOffer, ggufOffer } from './offers.ts'

const wishes: InitWishes = { engines, counts: [1, 2, 4, 8], acceptsLicense: false }

function proposed(offer: ModelOffer, gpu: string | null, more: Partial<InitWishes> = {}): Proposal {
  const found = propose(offer, { gpu, count: 1 }, { ...wishes, ...more })
  if ('reasons' in found) throw new Error(found.reasons.join('\n'))
  return found
}

function reasonsFor(offer: ModelOffer, gpu: string | null, more: Partial<InitWishes> = {}): string {
  const found = propose(offer, { gpu, count: 1 }, { ...wishes, ...more })
  return 'reasons' in found ? found.reasons.join('\n') : 'something was proposed'
}

function parsed(text: string): Recipe {
  const result = parseRecipe(text, 'recipe.yaml', judgeRecipe)
  if (result.ok) return result.recipe
  throw new Error(result.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
}

/** What `ingot plan` makes of the text, with a lock of the files that the offer has. */
function planned(offer: ModelOffer, proposal: Proposal): ImagePlan {
  const recipe = parsed(recipeText(offer, proposal))
  const { weights } = proposal.choices
  const lock = lockFor(
    recipe,
    weights.files.map(({ path }) => path),
  )
  return planImage(recipe, {
    ...lock,
    ...(weights.facts && { model: weights.facts }),
    ...(weights.header && { gguf: weights.header }),
  })
}

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

describe('a licence with terms', () => {
  const offer = folderOffer('llama-3.1-8b', { license: 'llama3.1', isGated: true })

  test('is named in the recipe, which the plan refuses until it is accepted', () => {
    const proposal = proposed(offer, 'h100')
    const text = recipeText(offer, proposal)
    expect(text).toContain('# Not accepted yet: the licence of the weights is llama3.1')
    expect(text).toContain('write `acceptLicense: llama3.1` under `model`')
    expect(() => {
      const recipe = parsed(text)
      const lock = lockFor(recipe)
      planImage(recipe, { ...lock, weights: { ...lock.weights, license: 'llama3.1' } })
    }).toThrow('has terms of its own')
  })

  test('stands there by its name once it is', () => {
    const proposal = proposed(offer, 'h100', { acceptsLicense: true })
    expect(parsed(recipeText(offer, proposal)).model.acceptLicense).toBe('llama3.1')
    expect(planned(offer, proposal).memory).toMatchObject({ fits: true })
  })
})

test('an open licence asks for no consent', () => {
  const proposal = proposed(folderOffer('qwen3-8b'), 'h100', { acceptsLicense: true })
  expect(proposal.recipe.model.acceptLicense).toBeUndefined()
})

test('small weights lie in the image, large ones are mounted, and a store of its own is an artifact', () => {
  const deliveryOf = (offer: ModelOffer, gpu: string, more = {}) =>
    proposed(offer, gpu, more).recipe.weights.delivery
  expect(deliveryOf(folderOffer('qwen2.5-0.5b'), 'l4')).toBe('baked')
  expect(deliveryOf(folderOffer('llama-3.1-8b'), 'h100')).toBe('mounted')
  const ollama = { engines: [engineOf('ollama')] }
  expect(deliveryOf(ggufOffer('qwen3-32b', { Q4_K_M: 4.9 }), 'h100', ollama)).toBe('artifact')
})

test('the text of a recipe', () => {
  const offer = folderOffer('llama-3.1-70b', { license: 'llama3.1' })
  expect(
    recipeText(offer, proposed(offer, 'h100', { counts: [4], acceptsLicense: true })),
  ).toMatchInlineSnapshot(`
    "# Written by \`ingot init acme/llama-3.1-70b\`. docs/recipe.md describes every key.
    # \`ingot build\` on this file locks, builds, boots and verifies; \`ingot run\` starts what came out.

    name: llama-3.1-70b-vllm
    model:
      name: acme/llama-3.1-70b
      license: llama3.1
      acceptLicense: llama3.1
    engine:
      id: vllm
      # Versions whose flags and memory ingot knows. The lock pins one of them.
      version: ">=0.28 <0.34"
    weights:
      source:
        type: huggingface
        repo: acme/llama-3.1-70b
      # 141.1 GB, more than 10.0 GB: a folder that the host mounts. The image checks it at its start.
      delivery: mounted
    serving:
      # The model declares 131072 tokens.
      # By plan 14 sequences of this length fit at once.
      contextLength: 32768
      # Each layer is split over all cards.
      tensorParallel: 4
      # The processes of the cards pass tensors through it.
      sharedMemory: 4GiB
    # Planned, not measured on each card: 32.89 GiB of weights and 37.30 GiB of cache in 72.85 GiB.
    target:
      gpu: h100
      count: 4
    verify:
      startTimeoutSeconds: 2100
    "
  `)
})
