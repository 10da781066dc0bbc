import { describe, expect, test } from 'vitest'
import type { BootReport } from '../../../images/boot/boot-report.ts'
import { judgeAnswers, judgeStartUp, startUpOf } from '../../../images/gate/boots.ts'
import { judgeFiles, judgeLoading } from '../../../images/gate/files.ts'
import { judgeImports, modulesOf, parseImports } from '../../../images/gate/imports.ts'
import { gateLines, gateStatusOf, notRun } from '../../../images/gate/result.ts'
import { stockPlanOf } from '../../../images/gate/stock.ts'
import { planDigestOf, planImage } from '../../../images/plan/plan.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'

const compared = { loading: '', changed: '', files: 3 }

describe('loading', () => {
  test('passes when every object does what it does in stock, and lists what loads in neither', () => {
    const part = judgeLoading({
      ...compared,
      loading: 'same\t/usr/bin/server\t\nsame\t/usr/lib/libx.so\tlibmlx5.so.1 => not found\n',
    })
    expect(part.status).toBe('passed')
    expect(part.found).toBe('1 objects load as in the stock image, 0 do not, 1 load in neither')
    expect(part.details).toEqual(['in neither: /usr/lib/libx.so: libmlx5.so.1 => not found'])
  })

  test('fails for one that is worse, and names it', () => {
    const part = judgeLoading({ ...compared, loading: 'worse\t/usr/lib/liby.so\tfile too short\n' })
    expect(part.status).toBe('failed')
    expect(part.details).toEqual(['/usr/lib/liby.so: file too short'])
  })

  test('fails when nothing was looked at', () => {
    expect(judgeLoading(compared).status).toBe('failed')
  })
})

describe('files', () => {
  const ours = ['/etc/passwd']
  test.each([
    ['nothing differs', '', false, 'passed'],
    ['ours differ', '/etc/passwd\n', false, 'passed'],
    ['a program differs', '/usr/bin/server\n', true, 'failed'],
    ['a library differs that was to be rewritten', '/opt/a/libx.so.1\n', true, 'passed'],
    ['a library differs that was not', '/opt/a/libx.so.1\n', false, 'failed'],
    ['bytecode was marked', '/opt/a/__pycache__/b.cpython-311.pyc\n', true, 'passed'],
    ['a source differs', '/opt/a/b.py\n', true, 'failed'],
  ])('%s', (_, changed, rewrites, status) => {
    expect(judgeFiles({ ...compared, changed }, { rewrites, ours }).status).toBe(status)
  })
})

describe('imports', () => {
  test.each([
    ['as in stock', { torch: null }, { torch: null }, 'passed'],
    ['broken in both', { torch: null, cv2: 'no' }, { torch: null, cv2: 'no' }, 'passed'],
    ['broken in slim', { torch: null, numba: null }, { torch: null, numba: 'ImportError' }, 'failed'],
    ['nothing works', { torch: 'no' }, { torch: 'no' }, 'failed'],
    ['nothing asked', {}, {}, 'not run'],
  ])('%s', (_, stock, slim, status) => {
    expect(judgeImports(stock, slim).status).toBe(status)
  })

  test('are read from the last line, whatever a module printed', () => {
    expect(parseImports('WARNING: hello\n{"torch": null, "x": "ImportError: y"}\n')).toEqual({
      torch: null,
      x: 'ImportError: y',
    })
  })

  test('are asked of Python engines only, and of GPU libraries only for GPUs', () => {
    const of = (id: 'vllm' | 'llama-cpp', requires?: { gpus: number }) =>
      modulesOf({ engine: { id, version: '1.0.0' }, ...(requires === undefined ? {} : { requires }) })
    expect(of('llama-cpp')).toEqual([])
    expect(of('vllm')).not.toContain('triton')
    expect(of('vllm', { gpus: 1 })).toContain('triton')
  })
})

/** The judges read these members only. */
function boot(answer: string, readyAfterMs: number | null): BootReport {
  return { readyAfterMs, answers: [{ prompt: 'capital?', answer, tokens: 3, durationMs: 1 }] } as BootReport
}

describe('answers', () => {
  test.each([
    ['equal ones', [boot('Paris', 1), boot('Paris', 1)], 'passed'],
    ['another one', [boot('Paris', 1), boot('Rome', 1)], 'failed'],
    ['none', [{ ...boot('', 1), answers: [] }], 'failed'],
  ])('%s', (_, slim, status) => {
    expect(judgeAnswers([boot('Paris', 1)], slim).status).toBe(status)
  })
})

describe('start-up', () => {
  test('compares medians', () => {
    const stock = [100, 110, 900].map((ms) => boot('', ms))
    const slim = [104, 120].map((ms) => boot('', ms))
    expect(startUpOf(stock, slim)).toEqual({ stockMs: 110, slimMs: 112, ratio: 112 / 110 })
    expect(judgeStartUp(stock, slim).status).toBe('passed')
  })

  test('fails above 1.05 and when a boot was never ready', () => {
    expect(judgeStartUp([boot('', 100)], [boot('', 106)]).status).toBe('failed')
    expect(judgeStartUp([boot('', 100)], [boot('', null)]).status).toBe('failed')
  })
})

test.each([
  [['passed', 'passed'], 'passed'],
  [['passed', 'not run'], 'incomplete'],
  [['failed', 'not run'], 'failed'],
  [['not run', 'not run'], 'not run'],
  [['passed', 'skipped'], 'passed'],
  [['failed', 'skipped'], 'failed'],
  [['skipped', 'not run'], 'not run'],
] as const)('parts %j make a gate that is %s', (statuses, status) => {
  const parts = statuses.map((each) => ({ ...notRun('loading', 'why'), status: each }))
  expect(gateStatusOf(parts)).toBe(status)
})

test('a report says in words that nothing was compared', () => {
  expect(gateLines(undefined).join()).toContain('not run')
})

test('the stock plan is the same image with nothing removed, under another name', () => {
  const recipe = recipeFor('llama-cpp')
  const plan = planImage(recipe, lockFor(recipe))
  const stock = stockPlanOf(plan)
  expect(stock.name).toBe(`${plan.name}-stock`)
  expect(stock.slimming.closure).toBeUndefined()
  expect(stock.runtime).toEqual(plan.runtime)
  expect(stock.config.Entrypoint).toEqual(plan.config.Entrypoint)
  expect(planDigestOf(stock)).not.toBe(planDigestOf(plan))
})
