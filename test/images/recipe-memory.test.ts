import { expect, test } from 'vitest'
import { planImage } from '../../images/plan/plan.ts'
import { lockFor, nameOf, readRecipe, recipeFiles } from './engines/fixtures.ts'
import { factsOf, type ModelName } from './memory/models.ts'

const models: readonly (readonly [prefix: string, model: ModelName, weightsBytes?: number])[] = [
  // Checkpoints that are packed are certain by their headers alone.
  ['llama-2-70b-chat-gptq', 'llama-2-70b-gptq', 36_652_374_016],
  ['llama-3.1-70b', 'llama-3.1-70b'],
  // Q4_K_M of this model has 4.92 GB.
  ['llama-3.1-8b-q4_k_m', 'llama-3.1-8b', 4_920_734_272],
  ['llama-3.1-8b', 'llama-3.1-8b'],
  ['mistral-7b-awq', 'mistral-7b-awq', 4_150_880_232],
  ['mistral-7b', 'mistral-7b'],
  ['smollm2-135m', 'smollm2-135m'],
]

function factsFor(file: string) {
  const found = models.find(([prefix]) => file.startsWith(prefix))
  if (!found) throw new Error(`no model is known for ${file}`)
  const [, model, totalBytes] = found
  const weights = totalBytes === undefined ? null : { totalBytes, byRole: { dense: totalBytes }, byDtype: {} }
  return { ...factsOf(model), weights }
}

const onGpu = recipeFiles.filter((file) => readRecipe(file).target.gpu !== undefined)

test('there are recipes for GPUs', () => {
  expect(onGpu.length).toBeGreaterThan(10)
})

test.each(onGpu)('%s surely fits the card it names', (file) => {
  const recipe = readRecipe(file)
  const { memory, config } = planImage(recipe, { ...lockFor(recipe), model: factsFor(nameOf(file)) })
  expect(memory).toMatchObject({ outcome: 'planned', fits: true, certain: true })
  expect(config.Labels).toMatchObject({ 'dev.ingot.memory.fits': 'true' })
})
