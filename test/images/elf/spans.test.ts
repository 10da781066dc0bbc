import { expect, test } from 'vitest'
import { type ByteSpan, type Range, totalLength, withEdits, without } from '../../../images/elf/spans.ts'

const original = Buffer.from(Array.from({ length: 200 }, (_, index) => index))

function written(spans: readonly ByteSpan[]): Buffer {
  return Buffer.concat(
    spans.map((span) => {
      if (span.type === 'copy') return original.subarray(span.from, span.from + span.length)
      return span.type === 'zeros' ? Buffer.alloc(span.length) : Buffer.from(span.bytes)
    }),
  )
}

/** A small generator with a seed, so that a failure repeats. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

function rangesFrom(random: (below: number) => number, length: number): Range[] {
  const ranges: Range[] = []
  for (let at = random(20); at < length; ) {
    const end = Math.min(length, at + 1 + random(15))
    ranges.push({ start: at, end })
    at = end + random(25)
  }
  return ranges
}

test.each(Array.from({ length: 200 }, (_, seed) => seed))(
  'edits and cuts equal those on bytes (%i)',
  (seed) => {
    const random = randomFrom(seed + 1)
    const ranges = rangesFrom(random, original.length)
    const expected = Buffer.from(original)
    const edits = ranges.map(({ start, end }): { at: number; spans: ByteSpan[] } => {
      const length = end - start
      if (random(2) === 0 || length < 2) {
        expected.fill(0, start, end)
        return { at: start, spans: [{ type: 'zeros', length }] }
      }
      const from = random(100)
      expected[start] = 0xee
      original.copy(expected, start + 1, from, from + length - 1)
      return {
        at: start,
        spans: [
          { type: 'bytes', bytes: Uint8Array.of(0xee) },
          { type: 'copy', from, length: length - 1 },
        ],
      }
    })
    const spans = withEdits([{ type: 'copy', from: 0, length: original.length }], edits)
    expect(written(spans)).toEqual(expected)
    expect(totalLength(spans)).toBe(original.length)

    const cuts = rangesFrom(random, original.length)
    const left = expected.filter((_, index) => !cuts.some(({ start, end }) => index >= start && index < end))
    expect(written(without(spans, cuts))).toEqual(Buffer.from(left))
  },
)
