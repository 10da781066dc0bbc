import { expect, test } from 'vitest'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import { columnOf, judged, recipeWith } from './judged.ts'

const withVariable = (id: EngineId, line: string, count: number) =>
  recipeWith(id, 'serving', `  environment:\n    ${line}`).replace(
    /\ntarget:\n(?: {2}.*\n)+|$/,
    `\ntarget:\n  gpu: h100\n  count: ${count}\n`,
  )

test.each<[string, number, 'problems' | 'doubts', string]>([
  ['CUDA_VISIBLE_DEVICES: "0"', 2, 'problems', 'shows 1 of the 2 GPUs'],
  ['CUDA_VISIBLE_DEVICES: "0,0"', 2, 'problems', 'shows 1 of the 2 GPUs'],
  ['CUDA_VISIBLE_DEVICES: "0,-1,1"', 2, 'problems', 'shows 1 of the 2 GPUs'],
  ['NVIDIA_VISIBLE_DEVICES: GPU-1a', 4, 'problems', 'shows 1 of the 4 GPUs'],
  ['CUDA_VISIBLE_DEVICES: ""', 1, 'problems', 'hides every GPU'],
  ['CUDA_VISIBLE_DEVICES: "-1"', 1, 'problems', 'hides every GPU'],
  ['NVIDIA_VISIBLE_DEVICES: void', 1, 'problems', 'hides every GPU'],
  ['CUDA_VISIBLE_DEVICES: "3"', 1, 'doubts', 'counts its own from 0 to 0'],
  ['CUDA_VISIBLE_DEVICES: "0,1"', 1, 'doubts', 'names GPU 1'],
  ['NVIDIA_VISIBLE_DEVICES: "0,1"', 1, 'doubts', 'target.count plans for 1'],
])('%s with %i GPUs is one of the %s: %s', (line, count, kind, words) => {
  const text = withVariable('sglang', line, count)
  const [value = ''] = line.split(': ').slice(1)
  const [found, ...more] = judged(text)[kind]
  expect(more).toEqual([])
  expect(found).toMatchObject({
    message: expect.stringContaining(words),
    hint: expect.stringMatching(/leave it out/),
  })
  const { line: at, column } = columnOf(text, line)
  expect(found).toMatchObject({ line: at, column: column + line.length - value.length })
})

test.each<[string, number]>([
  ['CUDA_VISIBLE_DEVICES: "0,1"', 2],
  ['NVIDIA_VISIBLE_DEVICES: "7"', 1],
  ['NVIDIA_VISIBLE_DEVICES: all', 4],
  ['CUDA_VISIBLE_DEVICES: GPU-1a', 1],
])('%s suits %i GPUs', (line, count) => {
  const { problems, doubts } = judged(withVariable('sglang', line, count))
  expect([...problems, ...doubts]).toEqual([])
})

test('an image for the processor may hide GPUs', () => {
  const text = recipeWith('vllm', 'serving', '  environment:\n    CUDA_VISIBLE_DEVICES: ""')
  expect(judged(text)).toEqual({ problems: [], doubts: [] })
})

test.each(['$HOST_IP', `\${CACHE:-4}`, '$(nproc)'])('no shell replaces %s in a variable', (value) => {
  const text = recipeWith('llama-cpp', 'serving', `  environment:\n    ACME_X: ${JSON.stringify(value)}`)
  expect(judged(text).problems).toMatchObject([
    { path: 'serving.environment.ACME_X', message: expect.stringContaining('no shell replaces') },
  ])
})

test.each(['VLLM_USE_MODELSCOPE', 'SGLANG_USE_MODELSCOPE'])('%s would ask a hub, and is refused', (name) => {
  const text = recipeWith('vllm', 'serving', `  environment:\n    ${name}: "true"`)
  expect(judged(text).problems).toMatchObject([{ hint: expect.stringContaining('offline') }])
})
