import { expect, test } from 'vitest'
import { missingLines } from '../../../images/boot/missing-words.ts'
import { judgeMissing } from '../../../images/gate/boots.ts'
import { reportText } from '../../../images/report/text.ts'
import { boot, report } from '../report-sample.ts'

test.each([
  ["RuntimeError: Could not find nvcc and default cuda_home='/usr/local/cuda' doesn't exist"],
  ['WARNING 11-29 10:00:00 [topk.py:12] FlashInfer is not available: nvcc was not found'],
  ['ImportError: libcuda.so.1: cannot open shared object file: No such file or directory'],
  ["ModuleNotFoundError: No module named 'deep_gemm'"],
  ['CUDA_HOME is not set, JIT is off'],
  ['ninja is not installed'],
  ['\u001b[33mwarn\u001b[0m: custom all-reduce is off, falling back to NCCL'],
])('is found: %s', (line) => {
  expect(missingLines(`INFO start\n${line}\nINFO end\n`)).toHaveLength(1)
})

test.each([
  ['llama_context: n_ctx = 512'],
  ['srv  update_slots: all slots are idle'],
  ['INFO 11-29 Using FlashAttention backend'],
  ['loaded nvcc of /usr/local/cuda'],
  ['GET /missing 404'],
])('is not: %s', (line) => {
  expect(missingLines(line)).toEqual([])
})

test('lines that differ in numbers alone count once, colours go, and there are 20 at most', () => {
  expect(missingLines('worker 1: falling back to x\nworker 2: falling back to x\n')).toEqual([
    'worker 1: falling back to x',
  ])
  expect(missingLines('\u001b[31mninja not found\u001b[0m')).toEqual(['ninja not found'])
  const letters = (index: number) => String.fromCharCode(97 + index)
  const many = Array.from({ length: 26 }, (_, index) => `No module named ${letters(index)}`).join('\n')
  expect(missingLines(many)).toHaveLength(20)
})

test('what a server goes without stands in its report', () => {
  const text = reportText(report({ boots: [boot({ missing: ['nvcc not found'] })] }))
  expect(text).toContain('its log says that it goes without: nvcc not found')
})

test.each<[string, string[], string[], string]>([
  ['the same', ['worker 1: ninja not found'], ['worker 7: ninja not found'], 'passed'],
  ['fewer', ['ninja not found'], [], 'passed'],
  ['more', [], ['ninja not found'], 'failed'],
])('the gate compares with stock: %s', (_, stock, slim, status) => {
  const part = judgeMissing([boot({ missing: stock })], [boot({ missing: slim }), boot()])
  expect(part.status).toBe(status)
  if (status === 'failed') expect(part.details).toEqual(slim)
})
