import { describe, expect, test } from 'vitest'
import { splitGguf } from '../../../images/weights/gguf-split.ts'
import { splitSafetensors } from '../../../images/weights/safetensors-split.ts'
import { ShortHeadError } from '../../../images/weights/split.ts'
import { u32, u64 } from '../../../lib/little-endian.ts'

const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)])
const list = (element: number, length: number) => Buffer.concat([u32(9), u32(element), u64(length)])

/** A head of version 3 with one key, then what a test puts behind it. */
function head(tensors: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors), u64(1), text('a.key'), value])
}

/** Each list has one member, which is the next. */
const nested = (depth: number) =>
  Buffer.concat([u32(9), ...Array.from({ length: depth }, () => Buffer.concat([u32(9), u64(1)]))])

const split = (bytes: Buffer) => splitGguf(bytes, { path: 'm.gguf', sizeBytes: 1e12 }, 1e9)

describe('the head of a GGUF that promises what it has not', () => {
  test.each([
    ['a list of a type that nobody knows, without an end', head(0, list(77, 2 ** 52)), 'type 77'],
    ['a value of such a type', head(0, u32(77)), 'type 77'],
    ['lists in lists in lists', head(0, nested(50_000)), 'deep'],
    ['an alignment of nothing', alignedTo(0), '0 bytes'],
  ])('%s is told at once', (_, bytes, words) => {
    expect(() => split(bytes)).toThrow(words)
  })

  test.each([
    ['texts', head(0, list(8, 2 ** 50))],
    ['tensors', head(2 ** 40, Buffer.concat([u32(4), u32(1)]))],
  ])('more %s than the file can hold make nothing before they are there', (_, bytes) => {
    expect(() => split(bytes)).toThrow(ShortHeadError)
  })
})

function alignedTo(alignment: number): Buffer {
  const key = Buffer.concat([text('general.alignment'), u32(4), u32(alignment)])
  return Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0), u64(1), key])
}

describe('the header of a safetensors file that is not one', () => {
  const headed = (json: string) => Buffer.concat([u64(json.length), Buffer.from(json)])
  test.each([
    ['a list', '[1]', 'does not say where the tensor 0 is'],
    ['null', 'null', 'not a JSON object'],
    ['a tensor without a place', '{"a":{"dtype":"F16","shape":[1]}}', 'where the tensor a is'],
    [
      'a tensor that ends before it begins',
      '{"a":{"dtype":"F16","shape":[1],"data_offsets":[8,4]}}',
      'tensor a',
    ],
    ['a place that is no number', '{"a":{"dtype":"F16","shape":[1],"data_offsets":["0",4]}}', 'tensor a'],
  ])('%s is told in words', (_, json, words) => {
    const bytes = headed(json)
    expect(() => splitSafetensors(bytes, { path: 'm', sizeBytes: bytes.length }, 1e9)).toThrow(words)
  })
})
