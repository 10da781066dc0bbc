import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { listHipCode, slimHipCode } from '../../../pipelines/gpu-code/hip.ts'
import { rewriteFiles } from '../../../pipelines/slim-tree/rewrite.ts'
import { memoryOf } from '../elf/memory.ts'
import { codeObjectsIn } from './amd-second-reader.ts'
import { codeObject, flagsOf, libraryWith } from './craft-amd.ts'

const folder = mkdtempSync(join(tmpdir(), 'ingot-code-object-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const size = 60_000

function written(name: string, bytes: Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** As in the data of AMD's runtime: objects at multiples of 32, words of the program between them. */
const words = Buffer.alloc(96, 0x5a)
const data = Buffer.concat([
  words,
  codeObject('gfx906', size, 1),
  words,
  codeObject('gfx1100', size, 2),
  words,
  codeObject('gfx1201', size, 3),
  words,
])

describe('a library with bare code objects in its data', () => {
  test('is listed by processor, with what a target cannot run', async () => {
    expect(await listHipCode(written('stock.so', libraryWith('.data', data)), ['gfx1100'])).toMatchObject({
      bundles: 0,
      shares: { gfx906: size, gfx1100: size, gfx1201: size },
      unusable: { gfx906: size, gfx1201: size },
    })
  })

  test('loses those of other processors and nothing else', async () => {
    const stock = written('stock.so', libraryWith('.data', data))
    const slim = join(folder, 'slim.so')
    expect(await slimHipCode(stock, slim, ['gfx1100'])).toMatchObject({ changed: true, freedBytes: 2 * size })
    const [before, after] = [stock, slim].map((path) => memoryOf(readFileSync(path))) as [Buffer, Buffer]
    expect(codeObjectsIn(before).map(({ machine }) => machine)).toHaveLength(3)
    const [kept, ...others] = codeObjectsIn(after)
    expect(others).toEqual([])
    expect(kept?.machine).toBe(flagsOf.gfx1100)
    // All but the two is as it was: the words of the program, and the object that stays. The longer program headers lie where one was.
    const from = before.indexOf(words)
    for (const { address, machine, sizeBytes } of codeObjectsIn(before))
      if (machine !== flagsOf.gfx1100)
        for (const memory of [before, after]) memory.fill(0, address, address + sizeBytes)
    expect(after.subarray(from).equals(before.subarray(from))).toBe(true)
    expect(statSync(slim).size).toBeLessThan(statSync(stock).size - size)
  })
})

test('a code object whose processor nothing names stays', async () => {
  const nameless = codeObject('gfx906', size, 1)
  nameless.writeUInt32LE(0xfe, 48)
  const stock = written('nameless.so', libraryWith('.data', nameless))
  expect(await slimHipCode(stock, join(folder, 'never.so'), ['gfx1100'])).toMatchObject({ changed: false })
  expect(await listHipCode(stock, ['gfx1100'])).toMatchObject({ shares: { unknown: size }, unusable: {} })
})

test('one of the old form for a whole generation stays for its cards and goes for others', async () => {
  const old = codeObject('gfx906', size, 1)
  old.writeUInt32LE(0, 48)
  // Vendor, architecture and three numbers before them, as the note of version 2 has them.
  const note = Buffer.concat([Buffer.from(Uint32Array.of(9, 0, 0).buffer), Buffer.from('AMD\0AMDGPU\0')])
  note.copy(old, 200)
  const stock = written('old.so', libraryWith('.data', old))
  const unusableFor = async (processor: string) => (await listHipCode(stock, [processor]))?.unusable
  expect(await unusableFor('gfx90a')).toEqual({})
  expect(await unusableFor('gfx1100')).toEqual({ gfx9xx: size })
})

test('a file that is a code object itself is told and never emptied: a rule removes it whole', async () => {
  const file = written('Kernels.so-000-gfx906.hsaco', codeObject('gfx906', size, 1))
  expect(await listHipCode(file, ['gfx1100'])).toMatchObject({ unusable: { gfx906: size } })
  expect(await slimHipCode(file, file, ['gfx1100'])).toBeNull()
})

test('a tree is rewritten for a processor of AMD as the plan says it', async () => {
  const tree = mkdtempSync(join(folder, 'tree-'))
  writeFileSync(join(tree, 'runtime.so'), libraryWith('.data', data))
  const files = []
  const rewriting = { targets: ['gfx1100'], symbols: false, bytecode: false }
  for await (const file of rewriteFiles(tree, rewriting)) files.push(file)
  expect(files.map(({ path, symbolBytes }) => [path, symbolBytes])).toEqual([['/runtime.so', 0]])
  expect(files[0]?.gpuCodeBytes).toBeGreaterThan(size)
  expect(codeObjectsIn(memoryOf(readFileSync(join(tree, 'runtime.so'))))).toHaveLength(1)
})
