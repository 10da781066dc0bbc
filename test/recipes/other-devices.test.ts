import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseRecipe } from '../../recipes/parse.ts'

const demo = readFileSync(join(import.meta.dirname, '../../recipes/smollm2-135m-llama-cpp.yaml'), 'utf8')

test.each([
  ['hip', 'engine.device: rocm of llama-cpp'],
  ['ROCm', 'did you mean "rocm"'],
  ['AMD', 'engine.device: rocm or vulkan'],
  ['xpu', 'cards of Intel'],
  ['metal', 'image.platform: linux/arm64'],
  ['gpu', 'cards of NVIDIA are cuda'],
  ['vulcan', 'did you mean "vulkan"'],
  ['constructor', 'take one of the names listed'],
])('engine.device: %s is answered with what there is: %s', (device, hint) => {
  const text = demo.replace('version: ">=0.7"', `version: ">=0.7"\n  device: ${device}`)
  const parsed = parseRecipe(text, 'a.yaml')
  expect(parsed).toMatchObject({
    ok: false,
    problems: [{ path: 'engine.device', hint: expect.stringContaining(hint) }],
  })
})
