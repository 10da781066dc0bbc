import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { recipeText } from '../../../images/init/recipe-text.ts'
import { tasks } from '../../../recipes/tasks.ts'
import { parsed, planned, proposed, reasonsFor } from './asking.ts'
import { families } from './families.ts'
import { folderOffer, ggufOffer } from './offers.ts'

function offerWithTemplate(model: 'qwen2.5-7b' | 'llama-3.1-8b') {
  const offer = folderOffer(model)
  const template = families.find((family) => family.model === model)?.template ?? ''
  return {
    ...offer,
    choices: offer.choices.map((choice) => ({ ...choice, folder: { chatTemplate: template } })),
  }
}

test('tools that are asked for come with the parser of the model, and the recipe plans', () => {
  const offer = offerWithTemplate('qwen2.5-7b')
  const proposal = proposed(offer, 'l4', { tasks: ['chat', 'tools'] })
  const recipe = parsed(recipeText(offer, proposal))
  expect(recipe.model).toMatchObject({ task: ['chat', 'tools'], toolCallParser: 'hermes' })
  expect(engineOf(recipe.engine.id).tasks.flat()).toContain('tools')
  expect(planned(offer, proposal).tasks).toEqual(['chat', 'tools'])
})

test('the text says that a person asked for it', () => {
  const offer = offerWithTemplate('llama-3.1-8b')
  const text = recipeText(offer, proposed(offer, 'h100', { tasks: ['completion'] }))
  expect(text).toContain('# As --task says.\n  task: completion')
})

test('what is asked for decides the engine: the first that serves it', () => {
  const offer = ggufOffer('llama-3.1-8b', { Q4_K_M: 4.9 })
  const { recipe } = proposed(offer, null, { tasks: ['embedding'] })
  expect(recipe.model.task).toBe('embedding')
  expect(engineOf(recipe.engine.id).tasks.flat()).toContain('embedding')
  expect(recipe.model.toolCallParser).toBeUndefined()
})

test.each(tasks)('%s is proposed with no engine that does not serve it', (task) => {
  for (const offer of [folderOffer('qwen3-8b'), ggufOffer('llama-3.1-8b', { Q4_K_M: 4.9 })])
    for (const gpu of ['h100', null]) {
      const reasons = reasonsFor(offer, gpu, { tasks: [task] })
      if (reasons !== 'something was proposed') expect(reasons).toContain(task)
      else
        expect(engineOf(proposed(offer, gpu, { tasks: [task] }).recipe.engine.id).tasks.flat()).toContain(
          task,
        )
    }
})
