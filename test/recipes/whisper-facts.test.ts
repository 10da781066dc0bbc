import { expect, test } from 'vitest'
import { factsFromWhisper } from '../../recipes/model-facts/whisper.ts'
import { isGgmlModel } from '../../recipes/weight-names.ts'
import { pickFiles } from '../../recipes/weight-selection.ts'
import { whisperHeader } from '../images/engines/fixtures.ts'

test('the header of a Whisper model tells what it is', () => {
  expect(factsFromWhisper(whisperHeader())).toMatchObject({
    architecture: 'WhisperForConditionalGeneration',
    hiddenSize: 384,
    vocabSize: 51_864,
    layerCount: 4,
    headCount: 6,
    maxPositions: 448,
    missing: [],
  })
})

test.each([
  ['another form', new TextEncoder().encode('GGUF'.repeat(20))],
  ['a cut header', whisperHeader().subarray(0, 40)],
  ['a number that no model has', whisperHeader().fill(0, 4, 8)],
])('%s tells nothing', (_, bytes) => {
  expect(factsFromWhisper(bytes)).toBeUndefined()
})

test.each([
  ['ggml-tiny.en.bin', true],
  ['models/ggml-large-v3-turbo-q5_0.bin', true],
  ['ggml-silero-v5.1.2.bin', false],
  ['pytorch_model.bin', false],
  ['ggml-base-encoder.mlmodelc.zip', false],
])('whether %s is a model: %s', (path, is) => {
  expect(isGgmlModel(path)).toBe(is)
})

test('of a folder with several forms its engine takes the ggml file', () => {
  const files = ['ggml-tiny.en.bin', 'model.safetensors', 'config.json', 'ggml-silero-v5.1.2.bin']
  const { taken, skipped } = pickFiles(
    files.map((path) => ({ path, sizeBytes: 1 })),
    {},
    ['ggml'],
  )
  expect(taken.map(({ path }) => path)).toEqual(['config.json', 'ggml-silero-v5.1.2.bin', 'ggml-tiny.en.bin'])
  expect(skipped).toEqual([
    {
      path: 'model.safetensors',
      sizeBytes: 1,
      reason: 'this engine loads the ggml file that is there, and no other format',
    },
  ])
})
