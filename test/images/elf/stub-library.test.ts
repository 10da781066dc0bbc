import { expect, test } from 'vitest'
import { readDynamic } from '../../../images/elf/dynamic.ts'
import { machines } from '../../../images/elf/file.ts'
import { parseElf } from '../../../images/elf/parse.ts'
import { readerOf } from '../../../images/elf/reader.ts'
import { type StubLibrary, stubLibrary } from '../../../images/elf/stub-library.ts'

const driver: StubLibrary = { soname: 'libcuda.so.1', functions: ['cuInit', 'cuDeviceGet'], returns: 100 }

test.each(['x86', 'arm64'] as const)('a library of %s has its name and its machine', async (machine) => {
  const bytes = stubLibrary(driver, machine)
  const elf = await parseElf(readerOf(bytes))
  expect(elf.header.machine).toBe(machines[machine])
  expect(await readDynamic(readerOf(bytes), elf)).toMatchObject({ needed: [], soName: 'libcuda.so.1' })
})

test('the same input gives the same bytes', () => {
  expect(stubLibrary(driver, 'x86')).toEqual(stubLibrary(driver, 'x86'))
})

test('a library of one function or of many is as well formed', async () => {
  const functions = Array.from({ length: 400 }, (_, index) => `function${index}`)
  for (const names of [[], ['cuInit'], functions]) {
    const bytes = stubLibrary({ ...driver, functions: names }, 'x86')
    const { segments } = await parseElf(readerOf(bytes))
    const end = Math.max(...segments.map(({ offset, fileBytes }) => offset + fileBytes))
    expect(end).toBe(bytes.length)
    const loaded = segments.filter(({ type }) => type === 1)
    expect(loaded.every(({ offset, address }) => offset === address)).toBe(true)
    expect((loaded[0]?.fileBytes ?? 0) <= (loaded[1]?.offset ?? 0)).toBe(true)
  }
})
