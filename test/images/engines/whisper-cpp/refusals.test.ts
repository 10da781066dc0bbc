import { expect, test } from 'vitest'
import { engineOf } from '../../../../images/engines/engines.ts'
import { planImage } from '../../../../images/plan/plan.ts'
import type { Recipe } from '../../../../recipes/recipe.ts'
import { deploymentFor, lockFor, recipeFor } from '../fixtures.ts'

const refusalsOf = (names: readonly string[]) =>
  engineOf('whisper-cpp').refusals(deploymentFor(recipeFor('whisper-cpp'), names))

test.each([
  ['a GGUF', ['model.gguf'], 'no ggml-*.bin of a model among model.gguf'],
  ['two models', ['ggml-base.bin', 'ggml-tiny.bin'], '2 models: ggml-base.bin, ggml-tiny.bin'],
  [
    'what finds speech alone',
    ['ggml-silero-v5.1.2.bin'],
    'no ggml-*.bin of a model among ggml-silero-v5.1.2.bin',
  ],
])('%s is refused with a way out', (_, names, found) => {
  expect(refusalsOf(names)).toMatchObject([{ path: 'weights.source', found }])
})

test('a model beside what finds speech is none too many', () => {
  expect(refusalsOf(['ggml-tiny.en.bin', 'ggml-silero-v5.1.2.bin'])).toEqual([])
})

test.each<[string, Partial<Recipe['serving']>, Partial<Recipe['model']>, string]>([
  ['a context', { contextLength: 512 }, {}, 'hears 30 s at a time'],
  ['several at once', { parallelism: 2 }, {}, 'start more containers'],
  ['a chat', {}, { task: 'chat' }, 'whisper.cpp serves transcription'],
  ['a key', { apiKey: true }, {}, 'serving.apiKey'],
])('%s is refused', (_, serving, model, words) => {
  const recipe = recipeFor('whisper-cpp', (draft) => {
    Object.assign(draft.serving, serving)
    Object.assign(draft.model, model)
  })
  try {
    planImage(recipe, lockFor(recipe))
    expect.unreachable()
  } catch (error) {
    expect(JSON.stringify([String(error), error])).toContain(words)
  }
})

test('the plan says what the server leaves open, and plans its memory on the host', () => {
  const recipe = recipeFor('whisper-cpp')
  const plan = planImage(recipe, lockFor(recipe))
  expect(plan.doubts?.join()).toContain('POST /load')
  const parts = Object.fromEntries(
    plan.predictedMemory?.parts.map(({ cause, sizeBytes }) => [cause, sizeBytes]) ?? [],
  )
  // kv self 3.15, cross 9.44 and pad 2.36 MB; buffers of 130.73 MB in the log of 1.9.5.
  expect(parts['KV cache']).toBeCloseTo(14.94e6, -5)
  expect(parts['compute buffer']).toBeCloseTo(130.73e6, -5)
})
