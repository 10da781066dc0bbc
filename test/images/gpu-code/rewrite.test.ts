import { describe, expect, test } from 'vitest'
import { parseElf } from '../../../images/elf/parse.ts'
import { readerOf } from '../../../images/elf/reader.ts'
import type { ByteSpan } from '../../../images/elf/spans.ts'
import { parseArchitecture } from '../../../images/gpu-code/architecture.ts'
import { verifyRewrite } from '../../../images/gpu-code/check.ts'
import { planRewrite, type Shrinking } from '../../../images/gpu-code/rewrite.ts'
import { craftLibrary } from '../elf/craft.ts'
import type { CraftedLibrary } from '../elf/crafted-library.ts'
import { memoryOf } from '../elf/memory.ts'
import { craftContainer, entriesOf } from './craft.ts'
import { codeInMemory } from './second-reader.ts'

async function rewritten(file: Buffer, targets: string, shrinking: Shrinking) {
  const reader = readerOf(file)
  const elf = await parseElf(reader)
  const gpus = targets.split(' ').map(parseArchitecture)
  const { code, spans, holes } = await planRewrite(reader, elf, gpus, { shrinking })
  const after = spans === null ? null : written(file, spans)
  if (after) await verifyRewrite({ reader, elf }, code, readerOf(after), gpus)
  return { after, holes, pinned: code.pinned }
}

function written(file: Buffer, spans: readonly ByteSpan[]): Buffer {
  return Buffer.concat(
    spans.map((span) => {
      if (span.type === 'copy') return file.subarray(span.from, span.from + span.length)
      return span.type === 'zeros' ? Buffer.alloc(span.length) : Buffer.from(span.bytes)
    }),
  )
}

const big = 'sm_75:41000 sm_80:52000 sm_90a:13000 sm_90:17000 sm_100f:61000 compute_120:30000'
const layouts: [string, CraftedLibrary][] = [
  ['4 KiB alignment', { containers: [big, big, 'sm_80:90000 compute_80:700'].map(containerOf) }],
  ['2 MiB alignment', { alignment: 1 << 21, containers: [big, 'sm_100f:30000', big].map(containerOf) }],
  [
    'containers in .data',
    {
      containers: [big].map(containerOf),
      dataContainers: ['sm_75:50000', 'sm_90:70000', 'sm_100:30000'].map(containerOf),
    },
  ],
  [
    'arm64',
    {
      machine: 183,
      alignment: 1 << 16,
      containers: ['sm_80:300000 sm_90:70000', 'sm_90:9 sm_100:200000'].map(containerOf),
    },
  ],
  [
    'many small containers',
    { containers: Array.from({ length: 60 }, () => containerOf('sm_80:40000 sm_90:300 sm_100:9000')) },
  ],
]

function containerOf(entries: string): Buffer {
  return craftContainer(entriesOf(entries))
}

describe.each(layouts)('a library with %s', (_, library) => {
  const { bytes } = craftLibrary(library)
  const stock = codeInMemory(memoryOf(bytes))

  test.each(['holes', 'zeros'] as const)(
    'shrunk by %s has the kept code where it was and nothing else',
    async (shrinking) => {
      const { after } = await rewritten(bytes, 'sm_90', shrinking)
      if (after === null) throw new Error('nothing was removed')
      const slim = codeInMemory(memoryOf(after)).filter(({ payload }) => payload.length !== 208)
      const wanted = stock.filter(({ name, address }) => {
        if (name === 'elf90' || name === 'elf90a') return true
        const here = stock.filter((code) => code.address === address)
        return name === 'ptx80' && !here.some((code) => code.name.startsWith('elf90'))
      })
      expect(slim).toEqual(wanted.filter(({ payload }) => payload.length !== 208))
    },
  )

  test('has the same memory by holes as by zeros, apart from headers', async () => {
    const [holes, zeros] = await Promise.all([
      rewritten(bytes, 'sm_90', 'holes'),
      rewritten(bytes, 'sm_90', 'zeros'),
    ])
    if (holes.after === null || zeros.after === null) throw new Error('nothing was removed')
    const memory = memoryOf(holes.after)
    const table = Number(holes.after.readBigUInt64LE(32))
    memory.fill(0, table, table + holes.after.readUInt16LE(56) * 56)
    const expected = memoryOf(zeros.after)
    expected.copy(memory, 0, 0, 64)
    expect(memory.equals(expected)).toBe(true)
    expect(zeros.after.length).toBe(bytes.length)
    expect(holes.after.length).toBeLessThan(bytes.length * 0.75)
  })

  test('gives the same file again when it is slimmed again', async () => {
    const { after } = await rewritten(bytes, 'sm_90', 'holes')
    if (after === null) throw new Error('nothing was removed')
    expect((await rewritten(after, 'sm_90', 'holes')).after).toBeNull()
  })
})

test('a container without anything for the target keeps an entry without code', async () => {
  const { bytes } = craftLibrary({ containers: [containerOf('sm_100f:9000 sm_103:9000')] })
  const { after } = await rewritten(bytes, 'sm_90', 'zeros')
  const code = codeInMemory(memoryOf(after ?? Buffer.alloc(0)))
  expect(code.map(({ name }) => name)).toEqual(['elf100f'])
  const [marker] = code
  expect(marker?.payload.subarray(0, 4)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46]))
  expect(marker?.payload.readUInt16LE(18)).toBe(190)
  expect(marker?.payload.length).toBe(208)
})

test('a container that a pointer enters stays whole', async () => {
  const { bytes } = craftLibrary({ containers: [containerOf(big), containerOf(big)], pointers: [5000] })
  const { after, pinned } = await rewritten(bytes, 'sm_90', 'zeros')
  expect(pinned).toHaveLength(1)
  const names = codeInMemory(memoryOf(after ?? Buffer.alloc(0))).map(({ name }) => name)
  expect(names).toEqual(['elf75', 'elf80', 'elf90a', 'elf90', 'elf100f', 'ptx120', 'elf90a', 'elf90'])
})

test('a file with packed relocations stays whole, because their pointers are not read', async () => {
  const { bytes } = craftLibrary({ containers: [containerOf(big)] })
  const elf = await parseElf(readerOf(bytes))
  const tail = elf.sections.findIndex(({ name }) => name === '.rodata.tail')
  bytes.writeUInt32LE(19, elf.header.sectionHeaderOffset + tail * 64 + 4)
  const { after, pinned } = await rewritten(bytes, 'sm_90', 'zeros')
  expect(after).toBeNull()
  expect(pinned).toHaveLength(1)
})

test('a program is not split, because the kernel reads one page of its table', async () => {
  const { bytes } = craftLibrary({ type: 2, containers: [containerOf(big)] })
  const { after, holes } = await rewritten(bytes, 'sm_90', 'holes')
  expect(holes).toEqual([])
  expect(after?.length).toBe(bytes.length)
})

test('nothing is written when every entry is needed', async () => {
  const { bytes } = craftLibrary({ containers: [containerOf('sm_80:9000 sm_90:9000')] })
  expect((await rewritten(bytes, 'sm_80 sm_90', 'holes')).after).toBeNull()
})

test.each([
  ['a payload size', (file: Buffer, at: number) => file.writeBigUInt64LE(64n, at + 24)],
  ['an architecture', (file: Buffer, at: number) => file.writeUInt32LE(80, at + 16 + 28)],
  ['the magic', (file: Buffer, at: number) => file.writeUInt32LE(0, at)],
  ['the rights of a segment', (file: Buffer) => file.writeUInt32LE(7, Number(file.readBigUInt64LE(32)) + 4)],
  [
    'the memory of a segment',
    (file: Buffer) => file.writeBigUInt64LE(4096n, Number(file.readBigUInt64LE(32)) + 40),
  ],
  ['the number of segments', (file: Buffer) => file.writeUInt16LE(4, 56)],
])('the check sees a change of %s', async (_, damage) => {
  const { bytes, offsets } = craftLibrary({ containers: [containerOf('sm_80:90000 sm_90:9000')] })
  const reader = readerOf(bytes)
  const elf = await parseElf(reader)
  const { code, spans } = await planRewrite(reader, elf, [parseArchitecture('sm_90')])
  const after = written(bytes, spans ?? [])
  damage(after, offsets[0] ?? 0)
  await expect(
    verifyRewrite({ reader, elf }, code, readerOf(after), [parseArchitecture('sm_90')]),
  ).rejects.toMatchObject({ code: expect.stringMatching(/^(check-failed|broken-elf)$/) })
})
