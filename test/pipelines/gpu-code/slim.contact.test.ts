import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { parseArchitecture } from '../../../images/gpu-code/architecture.ts'
import { runGpuCode } from '../../../pipelines/commands/gpu-code.ts'
import { listGpuCode, slimGpuCode } from '../../../pipelines/gpu-code/gpu-code.ts'
import { slimTree } from '../../../pipelines/gpu-code/tree.ts'
import { craftLibrary } from '../../images/elf/craft.ts'
import { memoryOf } from '../../images/elf/memory.ts'
import { craftContainer, entriesOf } from '../../images/gpu-code/craft.ts'
import { codeInMemory } from '../../images/gpu-code/second-reader.ts'
import { memoryWhenLoaded } from './loaded.ts'

const hopper = [parseArchitecture('sm_90')]
const library = craftLibrary({
  alignment: 1 << 21,
  containers: [
    'sm_80:400000 sm_90:90000 sm_100f:500000',
    'sm_100f:300000',
    'sm_80:200000 compute_80:70000',
  ].map((entries) => craftContainer(entriesOf(entries))),
  dataContainers: [craftContainer(entriesOf('sm_75:150000')), craftContainer(entriesOf('sm_90:50000'))],
}).bytes

const root = mkdtempSync(join(tmpdir(), 'ingot-gpu-code-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'))
})

function place(name: string, bytes: Buffer = library): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

describe('slimming a file', () => {
  test('writes what the loader turns into the memory of the stock file without the removed code', async () => {
    const stock = place('stock.so')
    const slim = join(folder, 'slim.so')
    const result = await slimGpuCode(stock, slim, hopper)
    expect(result).toMatchObject({
      changed: true,
      sizeBeforeBytes: library.length,
      holes: 4,
      pinnedContainers: 0,
    })
    expect(statSync(slim).size).toBe(result?.sizeAfterBytes)
    expect(statSync(slim).size).toBeLessThan(library.length * 0.2)
    const size = memoryOf(library).length
    const before = codeInMemory(memoryWhenLoaded(stock, size))
    const after = codeInMemory(memoryWhenLoaded(slim, size))
    const kept = after.filter(({ payload }) => payload.length !== 208)
    expect(kept.map(({ name }) => name)).toEqual(['elf90', 'ptx80', 'elf90'])
    for (const code of kept) expect(before).toContainEqual(code)
    expect(readFileSync(stock).equals(library)).toBe(true)
  })

  test('keeps the mode and leaves no temporary file', async () => {
    const path = place('mode.so')
    chmodSync(path, 0o755)
    await slimGpuCode(path, path, hopper)
    expect(statSync(path).mode & 0o7777).toBe(0o755)
    expect(readdirSync(folder)).toEqual(['mode.so'])
  })

  test('a second time changes nothing', async () => {
    const path = place('again.so')
    await slimGpuCode(path, path, hopper)
    const once = readFileSync(path)
    expect(await slimGpuCode(path, path, hopper)).toMatchObject({ changed: false, freedBytes: 0 })
    expect(readFileSync(path).equals(once)).toBe(true)
  })

  test.each([
    ['text', Buffer.from('no library'.repeat(20_000))],
    ['a library without GPU code', craftLibrary({ containers: [] }).bytes],
  ])('%s is left alone', async (_, bytes) => {
    expect(await slimGpuCode(place('other', bytes), join(folder, 'out'), hopper)).toBeNull()
    expect(readdirSync(folder)).toEqual(['other'])
  })
})

test('a tree is slimmed in place: links stay links, other files stay as they are', async () => {
  const first = place('a.so')
  linkSync(first, join(folder, 'b.so'))
  symlinkSync('a.so', join(folder, 'c.so'))
  const broken = place('broken.so', library.subarray(0, 150_000))
  const results = []
  for await (const result of slimTree(folder, hopper)) results.push(result)
  expect(results.map(({ file }) => file)).toEqual([first])
  expect(statSync(join(folder, 'b.so')).ino).toBe(statSync(first).ino)
  expect(statSync(first).size).toBeLessThan(library.length * 0.2)
  expect(readFileSync(broken).length).toBe(150_000)
  expect(readdirSync(folder)).toEqual(['a.so', 'b.so', 'broken.so', 'c.so'])
})

test('files of a tree are told in order, and the first that fails ends it with that file as it was', async () => {
  const large = Buffer.concat([library, Buffer.alloc(20_000_000, 1)])
  const paths = [place('a.so', large), ...['b.so', 'c.so', 'd.so', 'e.so', 'f.so'].map((name) => place(name))]
  // The file is written beside its place first, and a folder is in the way.
  const inTheWay = `${paths[3]}.ingot-${process.pid}`
  mkdirSync(inTheWay)
  const told: string[] = []
  const slimming = async () => {
    for await (const { file } of slimTree(folder, hopper)) told.push(file)
  }
  await expect(slimming()).rejects.toThrow()
  expect(told).toEqual(paths.slice(0, 3))
  expect(readFileSync(paths[3] ?? '').equals(library)).toBe(true)
  rmSync(inTheWay, { recursive: true })
  await slimming()
  expect(new Set(told)).toEqual(new Set(paths))
})

test('a listing tells bytes by architecture and by reason', async () => {
  const { code, target } = await listGpuCode(place('list.so'), hopper)
  expect(code.shares.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
    ['sm_75', 150_000],
    ['sm_80', 600_000],
    ['sm_90', 140_000],
    ['sm_100f', 800_000],
    ['compute_80', 70_000],
  ])
  expect(target).toEqual({
    target: 'sm_90',
    kept: { sm_90: 140_000, compute_80: 70_000 },
    cannotRun: { sm_75: 150_000, sm_80: 600_000, sm_100f: 800_000 },
    neverChosen: {},
    compiledBytes: 70_000,
    containersCompiled: 1,
    containersWithout: 2,
  })
})

async function command(...argv: string[]) {
  let output = ''
  const context = {
    stdout: (text: string) => {
      output += text
    },
  }
  const code = await runGpuCode(argv, context)
  return { code, output }
}

describe('ingot gpu-code', () => {
  test('prints text', async () => {
    const { code, output } = await command(place('text.so'), '--target', '9.0')
    expect(code).toBe(0)
    expect(output).toContain('GPU code 1.8 MB in 5 containers (.nv_fatbin 1.6 MB, .data 200.2 kB)')
    expect(output).toContain('1 containers have PTX only')
  })

  test('prints JSON', async () => {
    const { output } = await command(place('json.so'), '--json')
    expect(JSON.parse(output)).toMatchObject([{ sizeBytes: library.length, code: { containers: 5 } }])
  })

  test('slims in place', async () => {
    const path = place('place.so')
    const { output } = await command(folder, '--in-place', '--target', 'sm_90')
    expect(output).toContain('place.so  1.8 MB -> 238.5 kB, GPU code freed 1.5 MB')
    expect(statSync(path).size).toBeLessThan(library.length * 0.2)
  })

  test.each([
    [['x.so', '--in-place'], 'usage'],
    [[], 'usage'],
    [['x.so', '--target', 'hopper'], 'bad-architecture'],
    [['/does/not/exist.so'], 'no-file'],
    [[import.meta.filename], 'not-elf'],
  ])('%j is refused as %s', async (argv, code) => {
    await expect(command(...argv)).rejects.toMatchObject({ code, hint: expect.any(String) })
  })
})

test('the program for packing containers runs without npm packages', () => {
  const path = place('packed.so')
  for (const name of ['lib', 'images', 'pipelines'])
    cpSync(join(import.meta.dirname, '../../..', name), join(folder, 'ingot', name), { recursive: true })
  const main = join(folder, 'ingot/pipelines/commands/gpu-code-program.ts')
  const run = (...words: string[]) => spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' })
  const good = run('--in-place', '--target', 'sm_90', '--json', path)
  expect(JSON.parse(good.stdout)).toMatchObject([{ file: path, changed: true, pinnedContainers: 0 }])
  const wrong = run('--target', 'hopper', path)
  expect(wrong.status).toBe(2)
  expect(wrong.stderr).toContain('write it as sm_90')
})
