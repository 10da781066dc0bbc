import { expect, test } from 'vitest'
import { pullFrom, pullText } from '../../../images/attribution/pull.ts'

const layer = (digest: string, storedBytes: number) => ({
  digest,
  storedBytes,
  unpackedBytes: storedBytes * 3,
})
const image = [layer('weights', 1000), layer('base', 100), layer('engine', 10), layer('own', 1)]

test.each([
  ['the same image', ['weights', 'base', 'engine', 'own'], 0, 1111, 0],
  ['another engine above the same weights', ['weights', 'base', 'old', 'own'], 10, 1101, 33],
  ['weights above another base', ['old', 'weights', 'base', 'engine', 'own'], 0, 1111, 3333],
  ['nothing of it', ['x'], 1111, 0, 3333],
  ['an image with more above it', ['weights', 'base', 'engine', 'own', 'more'], 0, 1111, 0],
] as const)('%s', (_, has, pulled, had, unpacked) => {
  const figures = pullFrom('b', has, image)
  expect(figures).toMatchObject({
    pulled: { sizeBytes: pulled },
    had: { sizeBytes: had },
    unpacked: { sizeBytes: unpacked },
  })
})

test('a layer that stands twice is pulled once and unpacked twice', () => {
  expect(pullFrom('b', [], [layer('a', 5), layer('a', 5)])).toMatchObject({
    pulled: { layers: 1, sizeBytes: 5 },
    unpacked: { layers: 2, sizeBytes: 30 },
  })
})

test('the words name the image and add up', () => {
  expect(pullText(pullFrom('r.example/b:1', ['weights'], image))).toEqual([
    'on a node that has r.example/b:1',
    '  pulled    111 B in 3 layers',
    '  had       1.0 kB in 1 layer',
    '  unpacked  333 B in 3 layers',
  ])
})
