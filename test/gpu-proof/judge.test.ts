import { describe, expect, test } from 'vitest'
import { compiledAnew, judgeChecks, type ProofCheck, type ProofRun } from './judge.ts'
import { type ProofEvidence, partsOf } from './parts.ts'
import { proofMarkdown, verdictOf } from './report.ts'

function runOf(
  checks: readonly Partial<ProofCheck>[],
  libraries = ['/copy/torch/lib/libtorch.so'],
): ProofRun {
  return {
    torch: '2.11.0',
    importSeconds: 2,
    firstSeconds: 1,
    firstError: null,
    seconds: 9,
    residentBytes: 1e9,
    deviceAtStart: null,
    deviceAtEnd: null,
    libraries,
    checks: checks.map((check) => ({ name: 'product', seconds: 1, ...check })),
  }
}

const one = { digest: 'one' }
const other = { digest: 'other' }
const failure = { error: 'RuntimeError: no kernel image' }

test.each([
  ['the same bits', one, one, one, 'equal'],
  ['other bits', one, one, other, 'different'],
  ['a failure', one, one, failure, 'lost'],
  ['a failure that stock has too', failure, failure, failure, 'same-failure'],
  ['another failure than stock', failure, failure, { error: 'RuntimeError: misaligned' }, 'lost'],
  ['an answer where stock has two', one, other, one, 'not-repeatable'],
  ['an answer where stock fails', failure, failure, one, 'not-repeatable'],
] as const)('%s', (_, stock, again, slim, verdict) => {
  const runs = { stock: runOf([stock]), again: runOf([again]), slim: runOf([slim]), control: null }
  expect(judgeChecks(runs)).toMatchObject([{ name: 'product', verdict }])
})

test('a check that the slimmed run never came to is lost', () => {
  const runs = { stock: runOf([one]), again: runOf([one]), slim: runOf([]), control: null }
  expect(judgeChecks(runs)).toMatchObject([{ verdict: 'lost', found: 'it was not reached' }])
})

test('what the driver compiled anew is found by name, and excused once by size', () => {
  expect(compiledAnew([{ a: 10 }, { b: 20 }], { a: 10, c: 20, d: 20, e: 30 })).toEqual(['d', 'e'])
})

const library = { path: 'lib.so', beforeBytes: 10, afterBytes: 4, unusableBytes: 0, asNvidiaSays: true }

function evidence(change: Partial<ProofEvidence> = {}): ProofEvidence {
  const run = runOf([one])
  return {
    machine: { card: 'NVIDIA H200' },
    runs: { stock: run, again: run, slim: run, control: runOf([failure]) },
    eager: { stock: run, slim: run },
    libraries: [library],
    caches: { stock: { a: 1 }, again: {}, slim: { a: 1 } },
    stockFolders: ['/site/torch'],
    ...change,
  }
}

const card = { card: 'NVIDIA H200' } as Parameters<typeof verdictOf>[0]

describe('the verdict', () => {
  test('is proven where every part passed on a card', () => {
    const parts = partsOf(evidence())
    expect(parts.filter(({ status }) => status !== 'passed')).toEqual([])
    expect(parts.map(({ id }) => id)).toContain('control')
    expect(verdictOf(card, parts)).toBe('proven')
  })

  const run = runOf([one])
  test.each<[string, string, Partial<ProofEvidence>]>([
    ['other bits', 'answers', { runs: { ...evidence().runs, slim: runOf([other]) } }],
    [
      'no answer at all',
      'answers, control',
      { runs: { ...evidence().runs, stock: runOf([failure]), slim: runOf([failure]) } },
    ],
    [
      'stock’s own library in use',
      'libraries in use',
      { runs: { ...evidence().runs, slim: runOf([one], ['/site/torch/x.so']) } },
    ],
    ['code for other cards', 'code', { libraries: [{ ...library, unusableBytes: 1 }] }],
    ['nothing taken out', 'code', { libraries: [{ ...library, afterBytes: 10 }] }],
    ['another count than NVIDIA’s', 'cuobjdump', { libraries: [{ ...library, asNvidiaSays: false }] }],
    ['PTX compiled anew', 'ptx', { caches: { stock: {}, again: {}, slim: { b: 5 } } }],
    [
      'a failure with eager loading',
      'eager loading',
      { eager: { stock: run, slim: { ...run, firstError: 'x' } } },
    ],
    ['checks that never touch the code', 'control', { runs: { ...evidence().runs, control: run } }],
    ['a control that wrote nothing', 'control', { runs: { ...evidence().runs, control: null } }],
    ['a slimmed run that died', 'runs', { runs: { ...evidence().runs, slim: null } }],
  ])('fails by %s', (_, id, change) => {
    const parts = partsOf(evidence(change))
    expect(
      parts
        .filter(({ status }) => status === 'failed')
        .map((part) => part.id)
        .join(', '),
    ).toBe(id)
    expect(verdictOf(card, parts)).toBe('failed')
  })

  test('without a card says that no kernel ran, whatever passed', () => {
    const machine = { card: null }
    const parts = partsOf(evidence({ machine, runs: { ...evidence().runs, control: null } }))
    expect(parts.filter(({ status }) => status === 'not-run').map(({ id }) => id)).toEqual([
      'kernels',
      'ptx',
      'eager loading',
      'control',
    ])
    expect(verdictOf({ ...card, ...machine }, parts)).toBe('kernels not run')
  })

  test('is not proven where cuobjdump was not asked', () => {
    const parts = partsOf(evidence({ libraries: [{ ...library, asNvidiaSays: null }] }))
    expect(verdictOf(card, parts)).toBe('kernels not run')
  })
})

test('the report for a person names verdict, card, parts and every check that is not equal', () => {
  const runs = { stock: runOf([one]), again: runOf([one]), slim: runOf([failure]), control: null }
  const text = proofMarkdown({
    ingot: '0.2.0',
    machine: {
      ...card,
      torch: '2.11.0',
      cuda: '13.0',
      site: '/site',
      python: '3.12',
      capability: '9.0',
      memoryBytes: 1,
      driver: 'driver 580',
    },
    target: 'sm_90',
    verdict: 'failed',
    parts: partsOf(evidence({ runs })),
    libraries: [library],
    checks: judgeChecks(runs),
    runs: { stock: runs.stock },
    caches: {},
    seconds: { slim: 12 },
  })
  expect(text).toContain('slimmed for sm_90: failed')
  expect(text).toContain('NVIDIA H200, driver 580; torch 2.11.0 with CUDA 13.0')
  expect(text).toContain('product (RuntimeError: no kernel image)')
  expect(text).toContain('| lib.so | 10 B | 4 B | 0 | yes |')
})
