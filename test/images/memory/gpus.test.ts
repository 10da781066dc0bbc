import { expect, test } from 'vitest'
import { MemoryError } from '../../../images/memory/error.ts'
import { findGpu, gpus } from '../../../images/memory/gpus.ts'

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
    expect(gpu.bandwidthBytesPerSecond).toBeGreaterThan(200e9)
  }
})
