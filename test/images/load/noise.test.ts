import { expect, test } from 'vitest'
import {
  noiseOf,
  parseProcessorName,
  parseProcessorTimes,
  sharesBetween,
} from '../../../images/load/noise.ts'
import { compareLoads } from '../../../images/load/regression.ts'
import { machine } from '../../servers/runner.ts'
import { loadReportOf, quiet, usersStep } from './sample.ts'

const said = (user: number, idle: number, stolen: number, server: number) =>
  `cpu  ${user} 0 0 ${idle} 0 0 0 ${stolen} 0 0\nmodel name\t: EPYC 9 \nserver ${server}\n`

test('ticks of the kernel are read, guest time counted once', () => {
  expect(parseProcessorTimes('cpu  10 1 5 80 4 2 3 6 7 8\nserver 9\n')).toEqual({
    total: 111,
    busy: 21,
    stolen: 6,
    server: 9,
  })
  expect(parseProcessorTimes('server 9\n')).toBeNull()
  expect(parseProcessorTimes('')).toBeNull()
  expect(parseProcessorName(said(0, 0, 0, 0))).toBe('EPYC 9')
  expect(parseProcessorName('')).toBeNull()
})

test('what the server itself used is not what others did', () => {
  const [first, last] = [said(100, 1000, 0, 50), said(140, 1150, 10, 80)].map(parseProcessorTimes)
  expect(sharesBetween(first ?? null, last ?? null)).toEqual({ others: 10 / 200, stolen: 10 / 200 })
  expect(sharesBetween(null, last ?? null)).toBeNull()
  expect(sharesBetween(last ?? null, last ?? null)).toBeNull()
})

const steady = [usersStep(1), usersStep(2, 3), usersStep(1, 1.05, true)]
const nothing = { others: 0.01, stolen: 0 }

test.each([
  ['a quiet machine', steady, nothing, nothing, []],
  [
    'others at work',
    steady,
    { others: 0.4, stolen: 0 },
    nothing,
    ['others used 40 % of the processors while the server was idle'],
  ],
  [
    'a host that takes time',
    steady,
    nothing,
    { others: 0, stolen: 0.05 },
    ['5.0 % of the processors were taken by the host of this machine'],
  ],
  [
    'a repeat that was slower',
    [usersStep(1), usersStep(1, 2, true)],
    nothing,
    nothing,
    ['ttft', 'itl', 'e2e'].map(
      (metric) => `the median ${metric} of the first step differs by 67 % from that of its repeat`,
    ),
  ],
  ['nothing that can be read', steady, null, null, []],
])('%s', (_, steps, idle, during, busy) => {
  expect(noiseOf(steps, [idle], [during]).busy).toEqual(busy)
})

test('slower than twice the noise is a regression, and less is none', () => {
  const before = loadReportOf()
  const compare = (slower: number) =>
    compareLoads(loadReportOf({ steps: [usersStep(1, slower), usersStep(2)] }), before)
  expect(compare(1.04)).toMatchObject({ status: 'as before', why: [] })
  const worse = compare(1.3)
  expect(worse.status).toBe('regressed')
  expect(
    worse.figures.filter(({ verdict }) => verdict === 'worse').map(({ at, metric }) => [at, metric]),
  ).toEqual([
    ['1 user', 'ttft p50'],
    ['1 user', 'itl p50'],
    ['1 user', 'e2e p50'],
  ])
  expect(compare(0.7).figures[0]?.verdict).toBe('better')
})

test.each([
  ['another processor', { processor: 'another' }, 'the machine is another one: 2 CPUs (another)'],
  ['another runner', { machine: { ...machine, runner: 'podman' as const } }, 'podman in place of docker'],
  ['a busy machine', { noise: { ...quiet, busy: ['others used 40 %'] } }, 'now others used 40 %'],
])('%s: not comparable', (_, change, words) => {
  const compared = compareLoads(loadReportOf({ change }), loadReportOf())
  expect(compared.status).toBe('not comparable')
  expect(compared.why.join()).toContain(words)
})

test('another load has no figure in common', () => {
  const other = loadReportOf()
  const load = { ...other.load, requests: 99 }
  expect(compareLoads({ ...other, load }, loadReportOf())).toMatchObject({
    status: 'not comparable',
    why: ['the load is another one'],
    figures: [],
  })
})
