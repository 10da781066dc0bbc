import { describe, expect, test } from 'vitest'
import { uncheckedHeader } from '../../../images/tree/python-bytecode.ts'

/** CPython 3.11: magic, flags, then time and size of the source, or its hash. */
const header = (flags: number, rest = '0102030405060708') =>
  Uint8Array.from(Buffer.from(`a70d0d0a0${flags}000000${rest}`, 'hex'))

describe('the header of bytecode', () => {
  test('with a time becomes one that is not checked', () => {
    expect(Buffer.from(uncheckedHeader(header(0)) ?? []).toString('hex')).toBe('010000000000000000000000')
  })

  test('with a checked hash keeps the hash', () => {
    expect(Buffer.from(uncheckedHeader(header(3)) ?? []).toString('hex')).toBe('010000000102030405060708')
  })

  test.each([
    ['unchecked already', header(1)],
    ['cut short', header(0).subarray(0, 12)],
    ['of something else', Uint8Array.from(Buffer.from('7f454c46020101000000000000000000', 'hex'))],
  ])('%s stays', (_, bytes) => {
    expect(uncheckedHeader(bytes)).toBeNull()
  })
})
