import { expect, test } from 'vitest'
import { formatBytes, formatGiB, parseBytes } from '../../lib/bytes.ts'

test.each([
  ['1', 1],
  ['10GB', 10e9],
  ['512 MiB', 512 * 1024 ** 2],
  ['1.5kB', 1500],
  ['0', 0],
])('%s is %i bytes', (text, sizeBytes) => expect(parseBytes(text)).toBe(sizeBytes))

test.each(['', 'ten', '10 apples', '-1', '1e3', '10 GB of it'])('"%s" is refused with a hint', (text) => {
  expect(() => parseBytes(text)).toThrow(
    expect.objectContaining({ code: 'bad-size', hint: expect.stringContaining('10GB') }),
  )
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [98_362_432, '98.4 MB'],
  [2.5e15, '2500.0 TB'],
])('%i bytes are shown as %s', (sizeBytes, text) => expect(formatBytes(sizeBytes)).toBe(text))

test('GPU memory is shown in powers of 1024', () => expect(formatGiB(16 * 1024 ** 3)).toBe('16.00 GiB'))
