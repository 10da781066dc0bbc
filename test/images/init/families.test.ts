import { describe, expect, test } from 'vitest'
import { engineOf, engines } from '../../../images/engines/engines.ts'
import { propose } from '../../../images/init/propose.ts'
import { recipeText } from '../../../images/init/recipe-text.ts'
import { parsed, planned, proposed, wishes } from './asking.ts'
import { families, type Parsers } from './families.ts'
import { folderOffer, ggufOffer } from './offers.ts'

function offerOf({ model, template }: (typeof families)[number]) {
  const offer = folderOffer(model)
  const folder = template === undefined ? {} : { chatTemplate: template }
  return { ...offer, choices: offer.choices.map((choice) => ({ ...choice, folder })) }
}

const parsersOf = ({
  model,
}: {
  model: { toolCallParser?: string | undefined; reasoningParser?: string | undefined }
}): Parsers => ({
  ...(model.toolCallParser !== undefined && { calls: model.toolCallParser }),
  ...(model.reasoningParser !== undefined && { reasoning: model.reasoningParser }),
})

describe.each(families)('$model', (family) => {
  test('gets a recipe for vLLM with task and parsers, which passes check and plan, and surely fits', () => {
    const offer = offerOf(family)
    const proposal = proposed(offer, family.gpu, { engines: [engineOf('vllm')] })
    const recipe = parsed(recipeText(offer, proposal))
    expect(recipe.model.task).toBe(family.task)
    expect(parsersOf(recipe)).toEqual(family.vllm ?? {})
    expect(planned(offer, proposal).memory).toMatchObject({ fits: true, certain: true, gpu: family.gpu })
  })
})

describe.each(families.filter(({ sglang }) => sglang !== undefined))('$model on SGLang', (family) => {
  test('has the names of that engine', () => {
    const offer = offerOf(family)
    const proposal = proposed(offer, family.gpu, { engines: [engineOf('sglang')] })
    expect(parsersOf(parsed(recipeText(offer, proposal)))).toEqual(family.sglang)
    expect(planned(offer, proposal).memory).toMatchObject({ fits: true })
  })
})

test('an engine without parsers is written none for', () => {
  const family = families.find(({ model }) => model === 'qwen3-8b')
  if (family === undefined) throw new Error('qwen3-8b is not among the families')
  const { recipe } = proposed(offerOf(family), 'l4', { engines: [engineOf('tgi')] })
  expect(parsersOf(recipe)).toEqual({})
  expect(recipe.model.task).toBe('chat')
})

test('an embedder is written as one, and for an engine that serves it', () => {
  const offer = folderOffer('qwen3-8b')
  const folder = { pooling: 'last', normalizes: true } as const
  const found = propose(
    { ...offer, choices: offer.choices.map((choice) => ({ ...choice, folder })) },
    { gpu: 'h100', count: 1 },
    wishes,
  )
  if ('reasons' in found) throw new Error(found.reasons.join('\n'))
  expect(found.recipe.model.task).toBe('embedding')
  expect(engineOf(found.recipe.engine.id).tasks.flat()).toContain('embedding')
})

test('the text says what told it, and which template the engine recommends', () => {
  const family = families.find(({ model }) => model === 'llama-3.1-8b')
  if (family === undefined) throw new Error('llama-3.1-8b is not among the families')
  const text = recipeText(offerOf(family), proposed(offerOf(family), 'h100', { engines: [engineOf('vllm')] }))
  expect(text).toContain('# Told by its files: its folder has a chat template.\n  task: chat')
  expect(text).toContain('examples/tool_chat_template_llama3.1_json.jinja')
})

test('a GGUF of a base model is told from one that chats', () => {
  const offer = ggufOffer('llama-3.1-8b', { Q4_K_M: 4.9 })
  const base = offer.choices.map(({ header, ...choice }) => {
    if (header === null) return { ...choice, header }
    const { chatTemplate: _, ...bare } = header
    return { ...choice, header: bare }
  })
  expect(proposed(offer, null).recipe.model.task).toBe('chat')
  expect(proposed({ ...offer, choices: base }, null).recipe.model.task).toBe('completion')
})

test('nobody guesses where the folder was not read', () => {
  expect(proposed(folderOffer('qwen3-8b'), 'l4', { engines }).recipe.model.task).toBeUndefined()
})
