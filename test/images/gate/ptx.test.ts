import { describe, expect, test } from 'vitest'
import type { BootReport } from '../../../images/boot/boot-report.ts'
import {
  type CacheReading,
  judgePtx,
  parseComputeCache,
  type WatchedBoots,
} from '../../../images/gate/ptx.ts'
import { boot, check } from '../report-sample.ts'

const causes = { targets: ['sm_90'], cut: ['/opt/vllm/_vllm_fa2_C.so'] }
const hopper = { name: 'NVIDIA H100', memoryBytes: 80e9, capability: 9 }

type Modules = Record<string, number>

function read(modules: Modules, more: { compilerLoaded?: boolean; limitBytes?: number } = {}): CacheReading {
  return {
    type: 'read',
    modules: Object.entries(modules).map(([name, sizeBytes]) => ({ name, sizeBytes })),
    compilerLoaded: more.compilerLoaded ?? Object.keys(modules).length > 0,
    limitBytes: more.limitBytes ?? 1024 ** 3,
  }
}

function watched(caches: CacheReading[], given: Partial<BootReport> = {}): WatchedBoots {
  const machine = { ...boot().machine, gpus: [hopper] } as BootReport['machine']
  return { boots: caches.map(() => boot({ machine, ...given })), caches }
}

const fa2: Modules = { '0/7/e0943aa8a566c2': 65e6, 'a/1/11d0': 2e6 }
const judge = (stock: CacheReading[], slim: CacheReading[]) => judgePtx(watched(stock), watched(slim), causes)

describe('passes', () => {
  test('when both compile the same PTX, and says how much', () => {
    const part = judge([read(fa2), read(fa2)], [read(fa2), read(fa2)])
    expect(part).toMatchObject({ id: 'ptx', status: 'passed', details: [] })
    expect(part.found).toBe(
      'the driver compiled 2 modules (67.0 MB) of PTX with the stock image and 2 modules (67.0 MB) with the slimmed one, 0 modules (0 B) with it alone',
    )
  })

  test.each([
    ['less is compiled', [read(fa2)], [read({ 'a/1/11d0': 2e6 })]],
    ['nothing is, with the compiler never loaded', [read({})], [read({})]],
    ['nothing is, where the cache works for stock', [read(fa2)], [read({}, { compilerLoaded: true })]],
    ['the same code has other names', [read({ 'a/b/1': 7, 'a/b/2': 7 })], [read({ 'c/d/1': 7, 'c/d/2': 7 })]],
    ['a boot of stock compiled it later', [read({}), read(fa2)], [read(fa2), read({})]],
  ])('when %s', (_, stock, slim) => {
    expect(judge(stock, slim).status).toBe('passed')
  })
})

describe('fails', () => {
  test('when the slimmed image compiles more, with what to do', () => {
    const part = judge([read(fa2)], [read({ ...fa2, 'b/2/9': 5e6 })])
    expect(part.status).toBe('failed')
    expect(part.found).toMatch(/, 1 module \(5\.0 MB\) with it alone$/)
    expect(part.details).toEqual([
      'GPU code was taken out of /opt/vllm/_vllm_fa2_C.so: `ingot gpu-code FILE --target sm_90` says what each has left',
      'until then use `ingot build RECIPE --no-slim`, and report the library and the rule gpu-code',
    ])
  })

  test.each([
    ['as many modules of other sizes', { 'a/b/1': 7, 'a/b/2': 7 }, { 'c/d/1': 7, 'c/d/2': 8 }],
    ['one more of a size that stock has once', { 'a/b/1': 7 }, { 'a/b/1': 7, 'a/b/2': 7 }],
    ['some where stock compiles nothing', {}, { 'a/b/1': 7 }],
  ])('for %s', (_, stock, slim) => {
    expect(judge([read(stock)], [read(slim)]).status).toBe('failed')
  })

  test('when one boot of several compiles more', () => {
    expect(judge([read(fa2), read(fa2)], [read(fa2), read({ ...fa2, 'b/2/9': 5 })]).status).toBe('failed')
  })

  test.each([
    ['was never ready', { readyAfterMs: null }],
    ['ended by itself', { checks: [check({ id: 'alive', status: 'failed' })] }],
  ])('when only the slimmed server %s, with the words of its log', (_, given) => {
    const logTail = 'INFO loading\nCUDA error: no kernel image is available for execution on the device\n'
    const slim = watched([read(fa2)], { ...given, logTail })
    const part = judgePtx(watched([read(fa2)]), slim, causes)
    expect(part.status).toBe('failed')
    expect(part.details[0]).toBe(
      'its log: CUDA error: no kernel image is available for execution on the device',
    )
  })

  test('and names a GPU that the image was not made for', () => {
    const machine = {
      ...boot().machine,
      gpus: [{ ...hopper, name: 'NVIDIA B200', capability: 10 }],
    } as BootReport['machine']
    const slim = watched([read({})], { readyAfterMs: null, machine })
    const part = judgePtx(watched([read({})]), slim, causes)
    expect(part.details[0]).toContain('compute capability 10.0 and the image has code for sm_90')
  })
})

describe('is not run, and never passed', () => {
  const blind = parseComputeCache('')
  test.each([
    ['the cache of stock is not known', [blind], [read({})], 'cannot look into'],
    ['the cache of one slim boot is not known', [read({})], [read({}), blind], 'cannot look into'],
    [
      'the compiler is loaded and keeps nothing',
      [read({})],
      [read({}, { compilerLoaded: true })],
      'in memory',
    ],
    ['a cache is full', [read({ 'a/b/1': 6 }, { limitBytes: 10 })], [read({})], 'CUDA_CACHE_MAXSIZE'],
    ['no boot was looked into', [], [], 'no boot'],
  ])('when %s', (_, stock, slim, why) => {
    const part = judge(stock, slim)
    expect(part.status).toBe('not run')
    expect(part.found).toContain(why)
  })

  test('when stock itself does not boot', () => {
    const dead = { readyAfterMs: null }
    const part = judgePtx(watched([read({})], dead), watched([read({})], dead), causes)
    expect(part.status).toBe('not run')
  })
})

describe('a reading', () => {
  const good = 'folder\t/tmp/nv\ndisabled\t\nlimit\t\nplace\town\ncompiler\t1\nmodule\t120\t0/7/e094\nend'
  test('has the modules, and the smallest documented limit where none is set', () => {
    expect(parseComputeCache(good)).toEqual(read({ '0/7/e094': 120 }, { limitBytes: 256 * 1024 ** 2 }))
    const set = good.replace('limit\t', 'limit\t4294967296').replace('compiler\t1', 'compiler\t0')
    expect(parseComputeCache(set)).toMatchObject({ limitBytes: 4294967296, compilerLoaded: false })
  })

  test.each([
    ['nothing could be read', good, '', 'cannot look into'],
    ['the cache is off', 'disabled\t', 'disabled\t1', 'CUDA_CACHE_DISABLE'],
    ['the folder is not its own', 'place\town\n', '', '/tmp/nv is not in memory'],
    ['the list broke off', '\nend', '', 'to its end'],
  ])('is not known when %s', (_, from, to, why) => {
    const reading = parseComputeCache(good.replace(from, to))
    expect(reading.type === 'unknown' && reading.why).toContain(why)
  })
})
