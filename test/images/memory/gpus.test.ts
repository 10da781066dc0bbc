import { expect, test } from 'vitest'
import { MemoryError } from '../../../images/memory/error.ts'
import { gpuSources } from '../../../images/memory/gpu-rows.ts'
import { findGpu, gpuNamed, gpus, nativeFormats, sourceOf, vendorOf } from '../../../images/memory/gpus.ts'

const unsourced = ['dgx-spark', 'gb200', 'mi300x', 'rtx-4060', 'rtx-5080', 'v100-16gb']

test.each([
  ['l4', 'l4'],
  ['L4', 'l4'],
  ['NVIDIA L40S', 'l40s'],
  ['a100', 'a100-80gb'],
  ['a100_40gb', 'a100-40gb'],
  ['H100', 'h100'],
  ['rtx4090', 'rtx-4090'],
  ['NVIDIA GeForce RTX 4090', 'rtx-4090'],
  ['4090', 'rtx-4090'],
  ['AMD Instinct MI300X', 'mi300x'],
  ['AMD Radeon RX 7900 XTX', 'rx-7900-xtx'],
  ['AMD Radeon AI PRO R9700', 'r9700'],
  ['Intel(R) Arc(TM) B580 Graphics', 'arc-b580'],
  ['NVIDIA Thor', 'thor'],
  ['Tesla P40', 'p40'],
  ['NVIDIA A800', 'a800-80gb'],
  ['NVIDIA GB10', 'dgx-spark'],
  ['GH200', 'gh200'],
])('%s is %s', (typed, name) => {
  expect(findGpu(typed).name).toBe(name)
})

test('an unknown name lists near ones', () => {
  expect(() => findGpu('h1000')).toThrow(MemoryError)
  expect(() => findGpu('h1000')).toThrow(/h100/)
})

test('names are unique and figures are of a possible size', () => {
  expect(new Set(gpus.map((gpu) => gpu.name)).size).toBe(gpus.length)
  for (const gpu of gpus) {
    expect(gpu.memoryBytes).toBeGreaterThan(7 * 1024 ** 3)
    if (gpu.smiMiB !== null) expect(gpu.memoryBytes).toBeLessThanOrEqual((gpu.smiMiB + 8) * 1024 ** 2)
    expect(gpu.bandwidthBytesPerSecond).toBeGreaterThanOrEqual(200e9)
  }
})

test.each([
  ['rtx-5060-ti', 'rtx-5060-ti-16gb'],
  ['strix-halo', 'strix-halo-128gb'],
])('%s exists with several memories, so it is no card by itself; %s is named', (typed, name) => {
  const named = gpuNamed(typed)
  expect(named).toMatchObject({ type: 'unknown', names: expect.arrayContaining([name]) })
})

test('vendor and formats follow from the architecture', () => {
  expect(['h100', 'mi300x', 'arc-b580'].map((name) => vendorOf(findGpu(name)))).toEqual([
    'nvidia',
    'amd',
    'intel',
  ])
  expect(nativeFormats(findGpu('p40'))).toEqual(['fp16'])
  expect(nativeFormats(findGpu('a100'))).toEqual(['fp16', 'bf16'])
  expect(nativeFormats(findGpu('h200'))).toEqual(['fp16', 'bf16', 'fp8'])
  expect(nativeFormats(findGpu('thor'))).toEqual(['fp16', 'bf16', 'fp8', 'fp4'])
})

test('a source belongs to a card of the catalogue, and every card that is logged since sources are kept has one', () => {
  const named = gpus.filter((gpu) => sourceOf(gpu) !== null)
  expect(named.length).toBe(Object.keys(gpuSources).length)
  const without = gpus.filter((gpu) => gpu.memoryTrust === 'logged' && sourceOf(gpu) === null)
  // These were read before sources were kept; the list only gets shorter.
  expect(without.map(({ name }) => name).sort()).toEqual(unsourced)
})
