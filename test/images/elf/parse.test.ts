import { describe, expect, test } from 'vitest'
import { offsetOfAddress, readDynamic } from '../../../images/elf/dynamic.ts'
import { encodeHeader, encodeSections, encodeSegments } from '../../../images/elf/encode.ts'
import { isElf, parseElf } from '../../../images/elf/parse.ts'
import { readerOf } from '../../../images/elf/reader.ts'
import { craftContainer, entriesOf } from '../gpu-code/craft.ts'
import { craftLibrary } from './craft.ts'

const library = craftLibrary({
  containers: [craftContainer(entriesOf('sm_80:400 sm_90:500'))],
  needed: ['libc.so.6', 'libm.so.6'],
  soName: 'libexample.so.2',
  runPath: '$ORIGIN/../lib:/opt/cuda/lib64',
  machine: 62,
})

describe('a shared object', () => {
  test('tells its segments and named sections', async () => {
    const elf = await parseElf(readerOf(library.bytes))
    expect(elf.header).toMatchObject({ type: 3, machine: 62, segmentCount: 7 })
    expect(elf.segments.map(({ type }) => type)).toEqual([1, 1, 2, 4, 0x6474e551, 0x6474e552, 0])
    expect(elf.sections.map(({ name }) => name)).toEqual([
      '',
      '.dynsym',
      '.dynstr',
      '.rela.dyn',
      '.note.gnu.build-id',
      '.text',
      '.nv_fatbin',
      '.rodata.tail',
      '.dynamic',
      '.nvFatBinSegment',
      '.data',
      '.shstrtab',
    ])
  })

  test('tells what the loader reads of it', async () => {
    const reader = readerOf(library.bytes)
    expect(await readDynamic(reader, await parseElf(reader))).toEqual({
      needed: ['libc.so.6', 'libm.so.6'],
      runPath: ['$ORIGIN/../lib', '/opt/cuda/lib64'],
      soName: 'libexample.so.2',
    })
  })

  test('is written back byte for byte', async () => {
    const elf = await parseElf(readerOf(library.bytes))
    const { programHeaderOffset, sectionHeaderOffset } = elf.header
    expect(library.bytes.subarray(0, 64).equals(encodeHeader(elf.header))).toBe(true)
    const segments = Buffer.from(encodeSegments(elf.segments))
    expect(library.bytes.subarray(programHeaderOffset, programHeaderOffset + segments.length)).toEqual(
      segments,
    )
    expect(library.bytes.subarray(sectionHeaderOffset)).toEqual(Buffer.from(encodeSections(elf.sections)))
  })

  test('is read in its tables only', async () => {
    let readBytes = 0
    const whole = readerOf(library.bytes)
    const counting = {
      ...whole,
      read: (offset: number, length: number) => {
        readBytes += length
        return whole.read(offset, length)
      },
    }
    await parseElf(counting)
    expect(readBytes).toBeLessThan(2000)
  })
})

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(library.bytes)
  change(bytes)
  return bytes
}

test.each([
  ['text', Buffer.from('#!/bin/sh\n'.repeat(20)), 'not-elf'],
  ['an empty file', Buffer.alloc(0), 'not-elf'],
  ['a 32-bit file', changed((bytes) => bytes.writeUInt8(1, 4)), 'unsupported-elf'],
  ['a big-endian file', changed((bytes) => bytes.writeUInt8(2, 5)), 'unsupported-elf'],
  ['a file cut off before its section table', library.bytes.subarray(0, 4000), 'broken-elf'],
  ['a section table beyond the end', changed((bytes) => bytes.writeBigUInt64LE(1n << 40n, 40)), 'broken-elf'],
  ['an offset of 2^63', changed((bytes) => bytes.writeBigUInt64LE(1n << 63n, 40)), 'broken-elf'],
])('%s is refused', async (_, bytes, code) => {
  await expect(parseElf(readerOf(bytes))).rejects.toMatchObject({ code, hint: expect.any(String) })
})

test('an address without bytes in the file is an error', async () => {
  const elf = await parseElf(readerOf(library.bytes))
  expect(offsetOfAddress(elf, 0x40)).toBe(0x40)
  expect(() => offsetOfAddress(elf, 1 << 30)).toThrow('no loaded segment holds it')
})

test('a file shorter than a header is no ELF file', async () => {
  expect(await isElf(readerOf(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)))).toBe(false)
})
