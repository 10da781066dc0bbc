import { open } from 'node:fs/promises'
import { u32, u64 } from '../../../lib/little-endian.ts'

export type GgufValue = string | number | boolean | readonly number[] | readonly boolean[]

/** Sizes with the contiguous one first, and whether the elements have 16 bits instead of 32. */
export interface SweepTensor {
  shape: readonly number[]
  isHalf: boolean
}

const types = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)])
}

function valueBytes(value: GgufValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([u32(types.string), text(value)])
  if (typeof value === 'boolean') return Buffer.concat([u32(types.bool), Buffer.from([Number(value)])])
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? Buffer.concat([u32(types.uint32), u32(value)])
      : Buffer.concat([u32(types.float32), f32(value)])
  const isBool = typeof value[0] === 'boolean'
  const items = [...value].map((item) => (isBool ? Buffer.from([Number(item)]) : u32(Number(item))))
  return Buffer.concat([
    u32(types.array),
    u32(isBool ? types.bool : types.int32),
    u64(items.length),
    ...items,
  ])
}

function tensorBytes({ shape, isHalf }: SweepTensor): number {
  return shape.reduce((product, size) => product * size, isHalf ? 2 : 4)
}

/** A GGUF file of version 3 whose tensors are a hole: it takes no room on the disk. */
export async function writeHollowGguf(
  path: string,
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: ReadonlyMap<string, SweepTensor>,
): Promise<void> {
  const head = [Buffer.from('GGUF'), u32(3), u64(tensors.size), u64(metadata.size)]
  const pairs = [...metadata].map(([key, value]) => Buffer.concat([text(key), valueBytes(value)]))
  let offset = 0
  const infos = [...tensors].map(([name, tensor]) => {
    const info = Buffer.concat([
      text(name),
      u32(tensor.shape.length),
      ...tensor.shape.map(u64),
      u32(Number(tensor.isHalf)),
      u64(offset),
    ])
    offset += Math.ceil(tensorBytes(tensor) / 32) * 32
    return info
  })
  const header = Buffer.concat([...head, ...pairs, ...infos])
  const start = Math.ceil(header.length / 32) * 32
  const file = await open(path, 'w')
  await file.write(header)
  await file.truncate(start + offset)
  await file.close()
}
