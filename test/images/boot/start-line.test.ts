import { expect, test } from 'vitest'
import { type MeasuredStart, startLine } from '../../../images/boot/start-line.ts'
import { engineOf, engines } from '../../../images/engines/engines.ts'

const measured: MeasuredStart = { pullMs: 400, containerMs: 900, readyMs: 60_000, firstTokenMs: 250 }
const times = (line: ReturnType<typeof startLine>) =>
  Object.fromEntries(line.map(({ step, ms }) => [step, ms]))

const vllmLog = `
(Worker_TP0 pid=9) INFO 12-01 15:00:10 [default_loader.py:502] Loading weights took 2.50 seconds
(Worker_TP1 pid=8) INFO 12-01 15:00:11 [default_loader.py:502] Loading weights took 3.50 seconds
INFO 12-01 15:00:30 [monitor.py:81] torch.compile took 20.25 s in total
INFO 12-01 15:00:40 [core.py:400] init engine (profile, create kv cache, warmup model) took 30.25 s (compilation: 20.25 s)
`

test('the steps of a start add up to what was measured', () => {
  const words = engineOf('vllm').startWords ?? []
  const line = startLine(measured, vllmLog, words)
  expect(times(line)).toEqual({
    'pull and unpack': 400,
    container: 900,
    'import and start': 26_000,
    'load weights': 3500,
    compile: 20_250,
    'warm-up': 10_000,
    'first token': 250,
  })
  expect(line.some(({ note }) => note !== undefined)).toBe(false)
})

test.each([
  [
    'sglang',
    'Load weight end. elapsed=1.50 s, type=LlamaForCausalLM, avail mem=1.00 GB',
    { 'load weights': 1500 },
  ],
  ['sglang', 'Capture decode CUDA graph end. elapsed=2.00 s, mem usage=1.00 GB', { 'warm-up': 2000 }],
  [
    'sglang',
    'Capture decode CUDA graph end. bs=[1, 2], elapsed=2.00 s, mem usage=1.00 GB',
    { 'warm-up': 2000 },
  ],
  ['ollama', 'msg="llama runner started in 0.61 seconds"', { 'load weights': 610 }],
  ['ollama', 'msg="llama-server started in 0.61 seconds"', { 'load weights': 610 }],
  ['vllm', 'torch.compile and initial profiling/warmup run together took 9.00 s in total', { compile: 9000 }],
] as const)('%s: %s', (id, log, expected) => {
  expect(times(startLine(measured, log, engineOf(id).startWords ?? []))).toMatchObject(expected)
})

test('what nobody tells has no figure, and says so', () => {
  const silent = startLine({ ...measured, pullMs: null, firstTokenMs: null }, '', [])
  expect(silent).toContainEqual({
    step: 'pull and unpack',
    ms: null,
    note: 'the engine does both while it makes the container',
  })
  expect(silent).toContainEqual({ step: 'compile', ms: null, note: 'its log gives no figure' })
  expect(silent).toContainEqual({
    step: 'import and start',
    ms: 60_000,
    note: 'with all that the log gives no figure for',
  })
  const dead = startLine({ ...measured, readyMs: null, firstTokenMs: null }, vllmLog, [])
  expect(dead.find(({ step }) => step === 'import and start')).toEqual({
    step: 'import and start',
    ms: null,
    note: 'the server was never ready',
  })
})

test('steps that ran beside each other never make a step negative', () => {
  const words = engineOf('vllm').startWords ?? []
  expect(startLine({ ...measured, readyMs: 5000 }, vllmLog, words)[2]).toMatchObject({ ms: 0 })
})

test('every line of an engine is a regular expression with a number', () => {
  for (const { startWords = [] } of engines)
    for (const { line, source } of startWords) {
      expect(new RegExp(line).source).toMatch(/\(\[\\d\.\]\+\)/)
      expect(source).not.toBe('')
    }
})
