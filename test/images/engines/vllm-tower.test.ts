import { expect, test } from 'vitest'
import { withoutImages } from '../../../images/engines/vllm/memory-tower.ts'
import { findGpu } from '../../../images/memory/gpus.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import type { ModelFacts } from '../../../recipes/model-facts.ts'
import configs from '../memory/logged/configs.json' with { type: 'json' }
import { planFor } from '../memory/plan-for.ts'

const facts = factsFromConfig(configs['mistral-small-3.2'])
const gpu = findGpu('h100')

/** Patches, 24 layers of 1024 with a gate, and the three matrices to the text model. */
const tower = 3 * 14 ** 2 * 1024 + 24 * 1024 * (4 * 1024 + 3 * 4096) + 4 * 1024 ** 2 + 1024 * 5120 + 5120 ** 2

test.each([
  ['0.14.0', 0],
  ['0.15.0', tower],
])('without images vLLM %s leaves %d weights out', (version, elements) => {
  const text = withoutImages({ facts, gpu, textOnly: true }, version)
  expect(text.facts.vision).toBeNull()
  expect((facts.parameters?.vision ?? 0) - (text.facts.parameters?.vision ?? 0)).toBe(elements)
})

test('headers lose the bytes of the tower alone', () => {
  const weights = { totalBytes: 30, byRole: { vision: 10, dense: 20 }, byDtype: { BF16: 30 } }
  const read: ModelFacts = { ...facts, weights }
  expect(withoutImages({ facts: read, gpu, textOnly: true }, '0.33.0').facts.weights).toMatchObject({
    totalBytes: 20,
    byRole: { dense: 20 },
  })
})

test('what may take images stays as it is', () => {
  const request = { facts, gpu }
  expect(withoutImages(request, '0.33.0')).toBe(request)
})

test('the pool is larger by the tower and by what is profiled for it', () => {
  const asked = { engine: 'vllm', engineVersion: '0.33.0', facts, gpu, maxModelLen: 8192 } as const
  const [whole, text] = [planFor(asked), planFor({ ...asked, textOnly: true })]
  if (whole.outcome !== 'planned' || text.outcome !== 'planned') throw new Error('both are planned')
  expect(text.kvPoolBytes - whole.kvPoolBytes).toBeGreaterThan(tower * 2)
})
