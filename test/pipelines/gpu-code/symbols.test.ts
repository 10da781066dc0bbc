import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseArchitecture } from '../../../images/gpu-code/architecture.ts'
import { slimGpuCode } from '../../../pipelines/gpu-code/gpu-code.ts'
import { rewriteFiles } from '../../../pipelines/slim-tree/rewrite.ts'
import { craftLibrary } from '../../images/elf/craft.ts'
import { memoryOf } from '../../images/elf/memory.ts'
import { symbolContent, withSymbols } from '../../images/elf/with-symbols.ts'
import { craftContainer, entriesOf } from '../../images/gpu-code/craft.ts'
import { codeInMemory } from '../../images/gpu-code/second-reader.ts'
import { scratchFolder } from '../../scratch.ts'
import { memoryWhenLoaded } from './loaded.ts'

const plain = craftLibrary({ containers: [] }).bytes
const withCode = craftLibrary({
  containers: [craftContainer(entriesOf('sm_80:400000 sm_90:90000 sm_100f:500000'))],
}).bytes
const all = Object.values(symbolContent).reduce((sum, bytes) => sum + bytes.length, 0)

async function slimmed(library: Buffer, targets: string[] | 'any' = 'any') {
  const folder = await scratchFolder()
  const [stock, slim] = [join(folder, 'stock.so'), join(folder, 'slim.so')]
  await writeFile(stock, library)
  const of = targets === 'any' ? targets : targets.map(parseArchitecture)
  const result = await slimGpuCode(stock, slim, of, { symbols: 'dropped' })
  return { result, slim, bytes: await readFile(slim) }
}

/** Where the parser, the loader and this test agree that a library is the same. */
function expectSameMemory(path: string, bytes: Buffer, stock: Buffer): void {
  const memory = memoryOf(stock)
  // The header and the table of segments are in memory as well, and they have changed.
  const after = memoryOf(bytes)
  expect(after.length).toBe(memory.length)
  expect(after.subarray(1024).equals(memory.subarray(1024))).toBe(true)
  const loaded = memoryWhenLoaded(path, memory.length)
  expect(loaded.subarray(1024, 4096).equals(memory.subarray(1024, 4096))).toBe(true)
}

describe('symbols and debug information', () => {
  test('leave a library, and the loader makes the same memory of it', async () => {
    const library = withSymbols(plain)
    const { result, slim, bytes } = await slimmed(library)
    expect(result).toMatchObject({ changed: true, symbolBytes: all, freedBytes: 0 })
    expect(library.length - bytes.length).toBeGreaterThanOrEqual(all)
    for (const content of Object.values(symbolContent)) expect(bytes.includes(content)).toBe(false)
    expectSameMemory(slim, bytes, library)
  })

  test('leave in whole pages where a segment stands behind them', async () => {
    const behind = Buffer.from('loaded and needed'.repeat(1000))
    const library = withSymbols(plain, behind)
    const { result, slim, bytes } = await slimmed(library)
    const pages = Object.values(symbolContent).map(({ length }) => Math.floor(length / 4096) * 4096)
    expect(result?.symbolBytes).toBe(pages.reduce((sum, length) => sum + length, 0))
    expectSameMemory(slim, bytes, library)
    const memory = memoryWhenLoaded(slim, memoryOf(library).length)
    expect(memory.includes(behind)).toBe(true)
  })

  test('leave together with GPU code', async () => {
    const library = withSymbols(withCode)
    const { result, bytes } = await slimmed(library, ['sm_90'])
    expect(result?.symbolBytes).toBe(all)
    expect(bytes.length).toBeLessThan(library.length - all - 850_000)
  })

  test('leave a library with GPU code whole where any GPU may come', async () => {
    const { result, bytes } = await slimmed(withSymbols(withCode))
    expect(result).toMatchObject({ symbolBytes: all, freedBytes: 0 })
    expect(codeInMemory(memoryOf(bytes)).map(({ name }) => name)).toEqual(['elf80', 'elf90', 'elf100f'])
  })

  test('leave together with all GPU code where no GPU will come', async () => {
    const { bytes, slim } = await slimmed(withSymbols(withCode), [])
    const left = codeInMemory(memoryWhenLoaded(slim, memoryOf(withCode).length))
    expect(left.map(({ payload }) => payload.length)).toEqual([208])
    expect(bytes.length).toBeLessThan(40_000)
  })

  test('stay in a program, and where nothing is asked', async () => {
    const program = Buffer.from(withSymbols(plain))
    program.writeUInt16LE(2, 16)
    const folder = await scratchFolder()
    const path = join(folder, 'a')
    for (const [bytes, symbols] of [
      [program, 'dropped'],
      [withSymbols(plain), 'kept'],
    ] as const) {
      await writeFile(path, bytes)
      expect(await slimGpuCode(path, path, 'any', { symbols })).toBeNull()
      expect((await readFile(path)).equals(bytes)).toBe(true)
    }
  })
})

test('a tree tells what left which file, by its path in the image', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'a.so'), withSymbols(withCode))
  await writeFile(join(folder, 'b.so'), plain)
  const files = []
  const rewriting = { targets: ['sm_90'], symbols: true, bytecode: false }
  for await (const file of rewriteFiles(folder, rewriting)) files.push(file)
  expect(files.map(({ path, symbolBytes }) => [path, symbolBytes])).toEqual([['/a.so', all]])
  expect(files[0]?.gpuCodeBytes).toBeGreaterThan(850_000)
})
