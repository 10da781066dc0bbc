import { expect, test } from 'vitest'
import { adapterBytes, adapterDoubts } from '../../../images/engines/vllm/memory-adapters.ts'
import { findGpu } from '../../../images/memory/gpus.ts'
import { factsOf, type ModelName } from '../memory/models.ts'

const requestFor = (model: ModelName) => ({ facts: factsOf(model), gpu: findGpu('h100') })

/** Queries, keys, values and output; gate, up and down of Llama-3.1-8B: inputs and outputs of one layer. */
const attention = 3 * 4096 + (32 * 128 + 2 * 8 * 128) + 32 * 128 + 4096
const dense = 3 * (4096 + 14336)

test.each([
  [{}, 0],
  [{ adapters: true }, 16 * 32 * (attention + dense) * 2],
  [{ adapterSlots: 4, adapterRank: 64 }, 4 * 64 * 32 * (attention + dense) * 2],
  [{ adapterSlots: 1, pp: 2 }, 16 * 16 * (attention + dense) * 2],
])('places for adapters with %j take %d bytes', (asked, bytes) => {
  expect(adapterBytes({ ...requestFor('llama-3.1-8b'), ...asked })).toBe(bytes)
})

test('two ranks divide outputs of columns and inputs of rows', () => {
  const columns = 3 * 4096 + (32 * 128 + 2 * 8 * 128) / 2 + 2 * 4096 + 14336
  const rows = (32 * 128) / 2 + 4096 + 14336 / 2 + 4096
  expect(adapterBytes({ ...requestFor('llama-3.1-8b'), adapters: true, tp: 2 })).toBe(
    16 * 32 * (columns + rows) * 2,
  )
})

test('every expert has places of its own', () => {
  const one = 3 * (2048 + 768)
  const attends = 3 * 2048 + (32 * 128 + 2 * 4 * 128) + 32 * 128 + 2048
  expect(adapterBytes({ ...requestFor('qwen3-30b-a3b'), adapters: true })).toBe(
    16 * 48 * (attends + 128 * one) * 2,
  )
})

test('of other layers it is said that they are not counted', () => {
  expect(adapterDoubts({ ...requestFor('llama-3.1-8b'), adapters: true })).toEqual([])
  expect(adapterDoubts({ ...requestFor('deepseek-v3'), adapterSlots: 2 })).toHaveLength(1)
  expect(adapterDoubts(requestFor('deepseek-v3'))).toEqual([])
})
