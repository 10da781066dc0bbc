import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { encodeHeader, encodeSections, encodeSegments } from '../../../images/elf/encode.ts'
import { headerBytes, type Section } from '../../../images/elf/file.ts'
import { unusedHeader } from '../../../images/elf/split.ts'
import { type HipBundle, hipEntriesFor } from '../../../images/gpu-code/hip.ts'
import { listHipCode, slimHipCode } from '../../../pipelines/gpu-code/hip.ts'
import { memoryOf } from '../elf/memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'ingot-hip-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const page = 4096
const codeBytes = 24 * page

/** As clang writes it: magic, count, table, then the code of each processor at a page. */
function bundleOf(processors: readonly string[]): Buffer {
  const ids = [
    'host-x86_64-unknown-linux-gnu--',
    ...processors.map((name) => `hipv4-amdgcn-amd-amdhsa--${name}`),
  ]
  const bytes = Buffer.alloc(page + processors.length * codeBytes)
  bytes.write('__CLANG_OFFLOAD_BUNDLE__')
  bytes.writeBigUInt64LE(BigInt(ids.length), 24)
  let at = 32
  ids.forEach((id, index) => {
    const from = page + Math.max(0, index - 1) * codeBytes
    bytes.writeBigUInt64LE(BigInt(from), at)
    bytes.writeBigUInt64LE(BigInt(index === 0 ? 0 : codeBytes), at + 8)
    bytes.writeBigUInt64LE(BigInt(id.length), at + 16)
    bytes.write(id, at + 24)
    at += 24 + id.length
    if (index > 0) bytes.fill(index, from, from + codeBytes)
  })
  return bytes
}

/** A shared object with nothing but a section of bundles, all of it in one loaded segment. */
function library(name: string, bundles: readonly Buffer[]): string {
  const content = Buffer.concat(bundles)
  const strings = Buffer.from('\0.hip_fatbin\0.shstrtab\0')
  const [start, end] = [2 * page, 2 * page + content.length]
  const sections: Section[] = [
    { name: '', ...unusedHeader },
    {
      ...section,
      nameOffset: 1,
      type: 1,
      flags: 2,
      address: start,
      offset: start,
      sizeBytes: content.length,
    },
    { ...section, nameOffset: 13, type: 3, offset: end, sizeBytes: strings.length },
  ]
  const segment = {
    type: 1,
    flags: 4,
    offset: 0,
    address: 0,
    physicalAddress: 0,
    fileBytes: end,
    memoryBytes: end,
    alignment: page,
  }
  const bytes = Buffer.alloc(end + 64 + sections.length * 64)
  const header = {
    identification: Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    type: 3,
    machine: 62,
    version: 1,
    entry: 0,
    programHeaderOffset: headerBytes,
    sectionHeaderOffset: end + 64,
    flags: 0,
    segmentCount: 1,
    sectionCount: sections.length,
    sectionNameIndex: 2,
  }
  bytes.set(encodeHeader(header))
  bytes.set(encodeSegments([segment]), headerBytes)
  content.copy(bytes, start)
  strings.copy(bytes, end)
  bytes.set(encodeSections(sections), end + 64)
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const section: Section = { name: '', ...unusedHeader, alignment: 1 }

/** Written apart from the product: what a runtime would find in memory, by processor, with the first byte of its code. */
function codeIn(path: string): string[] {
  const memory = memoryOf(readFileSync(path))
  const found: string[] = []
  for (
    let at = memory.indexOf('__CLANG_OFFLOAD_BUNDLE__');
    at >= 0;
    at = memory.indexOf('__CLANG_OFFLOAD_BUNDLE__', at + 1)
  ) {
    let entry = at + 32
    for (let count = Number(memory.readBigUInt64LE(at + 24)); count > 0; count -= 1) {
      const [from, size, length] = [0, 8, 16].map((place) =>
        Number(memory.readBigUInt64LE(entry + place)),
      ) as [number, number, number]
      const id = memory.toString('latin1', entry + 24, entry + 24 + length)
      const code = memory.subarray(at + from, at + from + size)
      if (size > 0)
        found.push(`${id.replace(/^.*--/, '')} ${size} ${code[0]} ${code.every((byte) => byte === code[0])}`)
      entry += 24 + length
    }
  }
  return found
}

describe('a library with two bundles', () => {
  const stock = library('stock.so', [
    bundleOf(['gfx906', 'gfx1100', 'gfx90a']),
    bundleOf(['gfx1100', 'gfx906']),
  ])

  test('is listed by processor', async () => {
    expect(await listHipCode(stock)).toMatchObject({
      bundles: 2,
      compressed: 0,
      shares: { gfx906: 2 * codeBytes, gfx1100: 2 * codeBytes, gfx90a: codeBytes },
    })
  })

  test('slimmed for one holds its code alone, at its old places in memory, and is smaller by what went', async () => {
    const slim = join(folder, 'slim.so')
    const result = await slimHipCode(stock, slim, ['gfx1100'])
    expect(result).toMatchObject({ freedBytes: 3 * codeBytes })
    expect(codeIn(stock)).toHaveLength(5)
    expect(codeIn(slim)).toEqual([`gfx1100 ${codeBytes} 2 true`, `gfx1100 ${codeBytes} 1 true`])
    expect(memoryOf(readFileSync(slim)).length).toBe(memoryOf(readFileSync(stock)).length)
    expect(statSync(slim).size).toBeLessThan(statSync(stock).size - 2 * codeBytes)
    expect(await listHipCode(slim)).toMatchObject({ bundles: 2, shares: { gfx1100: 2 * codeBytes } })
  })

  test('slimmed for a card that it has no code for keeps empty bundles, in which a runtime finds nothing, as before', async () => {
    const slim = join(folder, 'none.so')
    await slimHipCode(stock, slim, ['gfx1201'])
    expect(codeIn(slim)).toEqual([])
    expect(await listHipCode(slim)).toMatchObject({ bundles: 2, shares: {} })
  })

  test('with nothing to remove is not written', async () => {
    const all = await slimHipCode(stock, join(folder, 'never.so'), ['gfx906', 'gfx1100', 'gfx90a'])
    expect(all).toMatchObject({ freedBytes: 0 })
    expect(() => statSync(join(folder, 'never.so'))).toThrow('ENOENT')
  })
})

test('a library without such a section has no such code', async () => {
  expect(await slimHipCode(library('empty.so', []), join(folder, 'x.so'), ['gfx906'])).toBeNull()
  expect(await listHipCode(library('empty.so', []))).toBeNull()
})

test('compressed bundles are counted and left alone', async () => {
  const packed = Buffer.alloc(page)
  packed.write('CCOB')
  expect(await listHipCode(library('packed.so', [packed]))).toMatchObject({ bundles: 0, compressed: 1 })
})

test.each([
  ['its own code', ['gfx1100', 'gfx11-generic'], 'gfx1100', ['gfx1100']],
  [
    'generic code of its family where it has none',
    ['gfx1030', 'gfx11-generic'],
    'gfx1101',
    ['gfx11-generic'],
  ],
  [
    'every set of features',
    ['gfx90a:xnack+', 'gfx90a:xnack-', 'gfx906'],
    'gfx90a',
    ['gfx90a:xnack+', 'gfx90a:xnack-'],
  ],
  ['nothing of another family', ['gfx10-3-generic'], 'gfx1100', []],
])('a processor takes %s', (_, names, wanted, kept) => {
  const entries = names.map((name) => ({
    id: name,
    processor: name.replace(/:.*/, ''),
    offset: 0,
    sizeBytes: 1,
  }))
  const bundle: HipBundle = { offset: 0, headBytes: 0, entries }
  expect(hipEntriesFor(bundle, [wanted]).map(({ id }) => id)).toEqual(kept)
})
