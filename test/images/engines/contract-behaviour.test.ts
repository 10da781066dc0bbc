import { describe, expect, test } from 'vitest'
import { badInputCases } from '../../../images/engines/bad-input.ts'
import { engineOf } from '../../../images/engines/engines.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { type EngineId, engineIds } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { chatEngineIds, deploymentFor, lockFor, recipeFor } from './fixtures.ts'
import { sampleOf } from './samples.ts'

function planOf(id: EngineId, change?: (recipe: Recipe) => void) {
  const recipe = recipeFor(id, change)
  return planImage(recipe, lockFor(recipe))
}

describe.each(chatEngineIds)('%s, as a server of chats,', (id) => {
  const sample = sampleOf(id)
  test('is ready when the named model has generated a token', () => {
    const { readiness } = planOf(id).verify.behaviour
    const body = JSON.stringify(readiness.request.body)
    const { modelPath, recipe } = deploymentFor(recipeFor(id))
    expect(readiness.required).toBe(true)
    expect(readiness.expect).toMatchObject({
      type: 'json',
      status: 200,
      checks: expect.arrayContaining([{ at: 'usage.completion_tokens', rule: 'positive' }]),
    })
    expect(JSON.stringify(readiness.expect)).toContain(
      sample.answersWith === 'path' ? modelPath : recipe.model.name,
    )
    expect(body).toContain('max_tokens')
  })

  test('is asked for its models, a chat, a stream to its end, its native endpoint and wrong things', () => {
    const { probes } = planOf(id).verify.behaviour
    const ids = probes.map((probe) => probe.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const wanted of ['models', 'chat', 'chat-stream', 'completions']) expect(ids).toContain(wanted)
    for (const group of ['serve', 'native', 'bad-input'])
      expect(probes.some((probe) => probe.group === group && probe.required)).toBe(true)
    expect(probes.find((probe) => probe.id === 'chat-stream')?.expect).toMatchObject({ endMarker: '[DONE]' })
  })

  test('has a status for every wrong question, or a reason not to ask', () => {
    const ids = planOf(id).verify.behaviour.probes.map((probe) => probe.id)
    const missing = badInputCases.filter((wrong) => !ids.includes(wrong))
    expect(missing).toEqual(sample.notAsked)
  })

  test('need not refuse a long prompt where nobody says how long one may be', () => {
    const required = (change?: (recipe: Recipe) => void) =>
      planOf(id, change).verify.behaviour.probes.find((probe) => probe.id === 'prompt-too-long')?.required
    const without = ({ serving }: Recipe) => void delete serving.contextLength
    const { withLength, withoutLength } = sample.refusesLongPrompts
    expect(required(without)).toBe(withoutLength)
    expect(required()).toBe(withLength)
  })
})

describe.each(engineIds)('%s', (id) => {
  const engine = engineOf(id)

  test('is ready by an answer of its task, and is asked for that, natively and for wrong things', () => {
    const { readiness, probes } = planOf(id).verify.behaviour
    const ids = probes.map((probe) => probe.id)
    expect(readiness).toMatchObject({ required: true, group: 'ready', expect: { type: 'json', status: 200 } })
    expect(readiness.request.path).not.toBe(engine.healthPath)
    expect(new Set(ids).size).toBe(ids.length)
    for (const group of ['serve', 'native', 'bad-input'])
      expect(probes.some((probe) => probe.group === group && probe.required)).toBe(true)
  })

  test('is never asked for an endless answer without a limit of time', () => {
    for (const probe of planOf(id).verify.behaviour.probes)
      expect(probe.timeoutSeconds).toBeLessThanOrEqual(120)
  })

  test('ends with 0 on SIGTERM, in time, and knows lines that prove a failed start', () => {
    const { stop, failureLines } = planOf(id).verify.behaviour
    expect(stop.signal).toBe('SIGTERM')
    expect(stop.exitCodes).toEqual([0])
    expect(stop.timeoutSeconds).toBeGreaterThanOrEqual(10)
    expect(failureLines.length).toBeGreaterThan(0)
  })

  test('asks a health page that its probes know too, so that a boot has seen it', () => {
    const pages = planOf(id).verify.behaviour.probes.map(({ request }) => `${request.method} ${request.path}`)
    expect(pages).toContain(`GET ${engine.healthPath}`)
  })
})
