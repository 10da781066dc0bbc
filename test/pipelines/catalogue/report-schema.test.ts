import { expect, test } from 'vitest'
import type { Report } from '../../../images/report/report.ts'
import { digestOf } from '../../../lib/digest.ts'
import { reportSchema } from '../../../pipelines/catalogue/report-schema.ts'
import { boot, failedCheck, report, skippedCheck } from '../../images/report-sample.ts'

const image = digestOf('image')

/** A report with everything that one can have. */
function wholeReport(): Report {
  return report({
    image,
    plan: digestOf('plan'),
    weightsImage: digestOf('weights'),
    licences: { zlib1g: ['Zlib'] },
    checks: [failedCheck, skippedCheck],
    boots: [
      boot({ stops: [{ occasion: 'streaming', exitCode: null, waitedMs: 3 }] }),
      boot({ facts: null, machine: null }),
    ],
    memory: {
      of: 'gpu',
      limitBytes: null,
      parts: [{ cause: 'weights', sizeBytes: 1 }],
      bound: { tokensPerSecond: 1.5, firstTokenMs: 2, promptTokens: 3 },
    },
    scan: {
      ...{
        setuid: [],
        worldWritable: [],
        shells: ['/bin/sh'],
        shellReasons: ['init'],
        searchedFor: ['HF_TOKEN'],
      },
      ...{ entries: 1, sizeBytes: 2, weightFiles: 3, gitleaks: true, excused: [] },
    },
    gate: {
      status: 'failed',
      stockImage: null,
      parts: [{ id: 'ptx', status: 'not run', found: 'no GPU', details: [] }],
    },
  })
}

const asRead = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('a report is read as it was written, to the last member', () => {
  const whole = asRead(wholeReport())
  expect(reportSchema.parse(whole)).toEqual(whole)
})

test('an older report without what it may lack is read', () => {
  const { weightsImage, licences, memory, scan, gate, ...least } = wholeReport()
  expect([weightsImage, licences, memory, scan, gate]).not.toContain(undefined)
  expect(reportSchema.parse(asRead(least))).toEqual(asRead(least))
})

type Path = (string | number)[]

/** Every place of a value that holds something. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, member]) => placesOf(member, [...path, key]))]
}

function changed(value: unknown, [key, ...rest]: Path, other: unknown): unknown {
  if (key === undefined) return other
  if (Array.isArray(value))
    return value.map((member, at) => (String(at) === key ? changed(member, rest, other) : member))
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([name, member]) => [
      name,
      name === key ? changed(member, rest, other) : member,
    ]),
  )
}

test('a value of another kind in any place makes it no report', () => {
  const whole = asRead(wholeReport())
  const places = placesOf(whole)
  expect(places.length).toBeGreaterThan(200)
  const accepted = places.filter(
    (path) => reportSchema.safeParse(changed(whole, path, Symbol.for('other'))).success,
  )
  expect(accepted).toEqual([])
})

test.each([
  ['a digest that is none', { image: 'sha256:1' }],
  ['another version', { reportVersion: 2 }],
  ['a verdict that there is not', { verdict: 'perfect' }],
  ['an engine that there is not', { engine: { id: 'other', version: '1' } }],
])('%s makes it no report', (_what, other) => {
  expect(reportSchema.safeParse({ ...wholeReport(), ...other }).success).toBe(false)
})
