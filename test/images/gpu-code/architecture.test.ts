import { expect, test } from 'vitest'
import {
  architectureOf,
  compilesFor,
  nameOf,
  parseArchitecture,
  runsOn,
} from '../../../images/gpu-code/architecture.ts'

function codeOf(name: string) {
  const match = /^(\d+)([af]?)$/.exec(name)
  return architectureOf(
    Number(match?.[1]),
    match?.[2] === 'a' ? 'exact' : match?.[2] === 'f' ? 'family' : 'portable',
  )
}

test.each([
  ['sm_90', 'sm_90'],
  ['sm_90a', 'sm_90'],
  ['compute_120f', 'sm_120'],
  ['9.0', 'sm_90'],
  ['12.1', 'sm_121'],
  ['75', 'sm_75'],
])('%s is the GPU %s', (text, name) => {
  expect(nameOf(parseArchitecture(text))).toBe(name)
})

test.each(['', 'hopper', 'sm_9', 'sm_90b', 'gfx942', '9.01'])('"%s" is no GPU', (text) => {
  expect(() => parseArchitecture(text)).toThrow(expect.objectContaining({ code: 'bad-architecture' }))
})

test.each([
  ['90', '9.0', true],
  ['90a', '9.0', true],
  ['80', '8.9', true],
  ['86', '8.9', true],
  ['89', '8.6', false],
  ['80', '9.0', false],
  ['100', '10.3', true],
  ['100a', '10.3', false],
  ['100a', '10.0', true],
  ['100f', '10.3', true],
  ['103f', '10.0', false],
  ['120f', '12.1', true],
  ['120a', '12.1', false],
  ['100f', '12.0', false],
  ['87', '8.9', false],
  ['86', '8.7', false],
  ['87', '8.7', true],
])('a cubin for sm_%s on %s: %s', (code, gpu, runs) => {
  expect(runsOn(codeOf(code), parseArchitecture(gpu))).toBe(runs)
})

test.each([
  ['80', '9.0', true],
  ['90', '9.0', true],
  ['90', '8.9', false],
  ['90a', '9.0', true],
  ['90a', '10.0', false],
  ['100f', '10.3', true],
  ['100f', '12.0', false],
  ['120', '12.1', true],
])('PTX for compute_%s on %s: %s', (code, gpu, compiles) => {
  expect(compilesFor(codeOf(code), parseArchitecture(gpu))).toBe(compiles)
})
