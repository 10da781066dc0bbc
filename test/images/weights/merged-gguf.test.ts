import { expect, test } from 'vitest'
import { splitGguf } from '../../../images/weights/gguf-split.ts'
import { u16, u32, u64 } from '../../../lib/little-endian.ts'

const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)])
const key = (name: string, type: number, value: Buffer) => Buffer.concat([text(name), u32(type), value])
const name = key('general.name', 8, text('tiny'))

/** What a cut writes into each part, with `count` parts; a merge leaves it there with 0. */
const cut = (count: number) => [
  key('split.count', 2, u16(count)),
  key('split.tensors.count', 5, u32(2)),
  key('split.no', 2, u16(0)),
]

/** The head of a file with two tensors of 64 bytes. */
function head(keys: readonly Buffer[]): Buffer {
  const tensors = ['a', 'b'].map((tensor, i) =>
    Buffer.concat([text(tensor), u32(1), u64(16), u32(0), u64(i * 64)]),
  )
  const bytes = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(2), u64(keys.length), ...keys, ...tensors])
  return Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)])
}

function split(keys: readonly Buffer[]) {
  const bytes = head(keys)
  return splitGguf(bytes, { path: 'm.gguf', sizeBytes: bytes.length + 128 }, 500)
}

test('a GGUF that was merged from parts is cut as the file that was never cut', () => {
  const [first, ...others] = cut(0)
  const merged = split([first as Buffer, name, ...others])
  const headers = merged?.parts.map((part) => Buffer.from(part.header).toString('hex'))
  expect(headers).toHaveLength(2)
  expect(headers).toEqual(split([name])?.parts.map((part) => Buffer.from(part.header).toString('hex')))
  expect(merged?.parts.map((part) => part.end - part.start)).toEqual([64, 64])
})

test('a part of several is not cut again', () => {
  expect(split([name, ...cut(2)])).toBeUndefined()
})
