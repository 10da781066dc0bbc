import { expect, test } from 'vitest'
import { parseElf } from '../../../images/elf/parse.ts'
import { readerOf } from '../../../images/elf/reader.ts'
import { readContainer } from '../../../images/gpu-code/container.ts'
import { findContainers } from '../../../images/gpu-code/find.ts'
import { entryName, summarise } from '../../../images/gpu-code/report.ts'
import { craftLibrary } from '../elf/craft.ts'
import { craftContainer, entriesOf } from './craft.ts'

test('a container tells kind, architecture, compression and sizes of its entries', async () => {
  const bytes = craftContainer([
    { kind: 'cubin', number: 90, suffix: 'a', payloadBytes: 200, compressed: 'zstd' },
    { kind: 'cubin', number: 120, suffix: 'f', payloadBytes: 120, compressed: 'lz4', headerBytes: 112 },
    { kind: 'ptx', number: 80, payloadBytes: 72 },
  ])
  const container = await readContainer(readerOf(bytes), 0, bytes.length, '.nv_fatbin')
  expect(container?.sizeBytes).toBe(bytes.length)
  expect(
    container?.entries.map((entry) => [
      entryName(entry),
      entry.compression,
      entry.headerBytes,
      entry.payloadBytes,
      entry.unpackedBytes,
    ]),
  ).toEqual([
    ['sm_90a', 'zstd', 64, 200, 1000],
    ['sm_120f', 'lz4', 112, 120, 600],
    ['compute_80', 'none', 64, 72, 72],
  ])
})

test.each([
  ['another magic', (bytes: Buffer) => bytes.writeUInt8(0, 0)],
  ['another version', (bytes: Buffer) => bytes.writeUInt16LE(2, 4)],
  ['a size beyond the section', (bytes: Buffer) => bytes.writeBigUInt64LE(1n << 62n, 8)],
  ['a size that ends inside an entry', (bytes: Buffer) => bytes.writeBigUInt64LE(100n, 8)],
  ['an entry header of no bytes', (bytes: Buffer) => bytes.writeUInt32LE(0, 20)],
  ['an entry that leaves the container', (bytes: Buffer) => bytes.writeBigUInt64LE(1n << 60n, 24)],
])('bytes with %s are no container', async (_, damage) => {
  const bytes = craftContainer(entriesOf('sm_80:64 sm_90:64'))
  damage(bytes)
  const found = await readContainer(readerOf(bytes), 0, bytes.length, '.nv_fatbin').catch(() => null)
  expect(found).toBeNull()
})

test('containers are found in their own sections and in other data, with gaps and look-alikes between', async () => {
  const lookAlike = Buffer.alloc(64)
  lookAlike.writeUInt32LE(0xba55ed50, 4)
  lookAlike.writeUInt32LE(0xba55ed50, 32)
  const library = craftLibrary({
    containers: [
      craftContainer(entriesOf('sm_80:400')),
      craftContainer(entriesOf('sm_90:5000 compute_90:300')),
    ],
    dataContainers: [
      Buffer.alloc(2_000_000),
      craftContainer(entriesOf('sm_75:80')),
      lookAlike,
      craftContainer(entriesOf('sm_86:80')),
    ],
  })
  const reader = readerOf(library.bytes)
  const containers = await findContainers(reader, await parseElf(reader))
  const [first, second, , third, , fourth] = library.offsets
  expect(containers.map(({ offset }) => offset)).toEqual([first, second, third, fourth])
  expect(summarise(containers)).toMatchObject({
    containers: 4,
    shares: [
      { name: 'sm_75', sizeBytes: 80 },
      { name: 'sm_80', sizeBytes: 400 },
      { name: 'sm_86', sizeBytes: 80 },
      { name: 'sm_90', sizeBytes: 5000, unpackedBytes: 25000 },
      { name: 'compute_90', kind: 'ptx', sizeBytes: 300 },
    ],
  })
})
