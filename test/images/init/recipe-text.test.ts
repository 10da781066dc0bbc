import { describe, expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import type { ModelOffer } from '../../../images/init/offer.ts'
import { recipeText } from '../../../images/init/recipe-text.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { lockFor } from '../engines/fixtures.ts'
import { parsed, planned, proposed } from './asking.ts'
import { folderOffer, ggufOffer } from './offers.ts'

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
      # 141.1 GB, more than 10.0 GB: a folder that the host mounts; \`ingot fetch\` fills one. The image checks it at its start.
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
