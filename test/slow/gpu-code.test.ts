import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseArchitecture } from '../../images/gpu-code/architecture.ts'
import { listGpuCode, slimGpuCode } from '../../pipelines/gpu-code/gpu-code.ts'
import { memoryOf } from '../images/elf/memory.ts'
import { codeInMemory } from '../images/gpu-code/second-reader.ts'
import { toolFolder } from '../tools/find.ts'

const folder = mkdtempSync(join(tmpdir(), 'ingot-gpu-code-slow-'))
const stock = join(folder, 'nvidia/cu13/lib/libnvjpeg.so.13')
const cuobjdump = join(folder, 'nvidia/cu13/bin/cuobjdump')
const holes = join(folder, 'holes.so')
const zeros = join(folder, 'zeros.so')
const hopper = [parseArchitecture('sm_90')]

beforeAll(async () => {
  cpSync(toolFolder('nvjpeg'), folder, { recursive: true })
  chmodSync(cuobjdump, 0o755)
  await slimGpuCode(stock, holes, hopper, { shrinking: 'holes' })
  await slimGpuCode(stock, zeros, hopper, { shrinking: 'zeros' })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Architectures of the entries that NVIDIA's program sees, in order. */
function seenByNvidia(file: string, kind: 'elf' | 'ptx'): string[] {
  const { stdout } = spawnSync(cuobjdump, ['-all', `-l${kind}`, file], { encoding: 'utf8' })
  return [...stdout.matchAll(/\.(sm_\d+[af]?)\.(?:cubin|ptx)/g)].map((match) => match[1] ?? '')
}

/** Unpacked machine code for one architecture, as digests. */
function unpackedByNvidia(file: string, architecture: string): string[] {
  const place = mkdtempSync(join(folder, 'unpacked-'))
  mkdirSync(place, { recursive: true })
  execFileSync(cuobjdump, ['-all', '-xelf', architecture, file], { cwd: place, stdio: 'pipe' })
  return readdirSync(place)
    .sort((a, b) => numberIn(a) - numberIn(b))
    .map((name) =>
      createHash('sha256')
        .update(readFileSync(join(place, name)))
        .digest('hex'),
    )
}

function numberIn(name: string): number {
  return Number(/\.(\d+)\.sm_/.exec(name)?.[1])
}

describe('libnvjpeg', () => {
  test('holds what cuobjdump says', async () => {
    const { code } = await listGpuCode(stock, [])
    const count = (kind: string) => code.shares.filter((share) => share.kind === kind)
    const cubins = seenByNvidia(stock, 'elf')
    for (const { name, entries } of count('cubin'))
      expect(cubins.filter((seen) => seen === name)).toHaveLength(entries)
    expect(cubins).toHaveLength(count('cubin').reduce((all, { entries }) => all + entries, 0))
    expect(seenByNvidia(stock, 'ptx')).toHaveLength(
      count('ptx').reduce((all, { entries }) => all + entries, 0),
    )
  })

  test('slimmed for sm_90 holds nothing else to cuobjdump, and the same code unpacked', () => {
    expect(new Set(seenByNvidia(zeros, 'elf'))).toEqual(new Set(['sm_90']))
    expect(seenByNvidia(zeros, 'ptx')).toEqual([])
    const unpacked = unpackedByNvidia(stock, 'sm_90')
    expect(unpacked).toHaveLength(10)
    expect(unpackedByNvidia(zeros, 'sm_90')).toEqual(unpacked)
  })

  test('gets smaller on disk, by more than nine tenths of its GPU code', async () => {
    const { code } = await listGpuCode(stock, [])
    expect(statSync(stock).size - statSync(holes).size).toBeGreaterThan(code.sizeBytes * 0.9)
    expect(statSync(zeros).size).toBe(statSync(stock).size)
  })

  test('is sound to readelf and ldd', () => {
    const complaints = (file: string) =>
      spawnSync('readelf', ['--all', '--wide', file], { encoding: 'utf8' }).stderr
    expect(complaints(holes)).toBe(complaints(stock))
    const libraries = (file: string) =>
      execFileSync('ldd', [file], { encoding: 'utf8' }).replace(/\(0x[0-9a-f]+\)/g, '')
    expect(libraries(holes)).toBe(libraries(stock))
  })

  test('works when loaded, and its memory has the kept code at the old addresses', () => {
    const kept = codeInMemory(memoryOf(readFileSync(stock))).filter(({ name }) => name === 'elf90')
    const after = codeInMemory(memoryOf(readFileSync(holes)))
    expect(after.map(({ payload }) => digestOf(payload))).toEqual(
      kept.map(({ payload }) => digestOf(payload)),
    )
    const memory = memoryOf(readFileSync(holes))
    const ranges = after.map(({ payload }) => [memory.indexOf(payload), payload.length])
    const output = execFileSync('python3', ['-c', loadAndHash, holes, JSON.stringify(ranges)], {
      encoding: 'utf8',
    })
    expect(JSON.parse(output)).toEqual({ version: 13, digests: kept.map(({ payload }) => digestOf(payload)) })
  })
})

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Loads the library, calls it, and hashes ranges of its memory in the living process. */
const loadAndHash = `
import ctypes, hashlib, json, sys
library = ctypes.CDLL(sys.argv[1])
version = ctypes.c_int()
assert library.nvjpegGetProperty(0, ctypes.byref(version)) == 0
base = int(next(line for line in open('/proc/self/maps') if line.rstrip().endswith(sys.argv[1])).split('-')[0], 16)
digests = [hashlib.sha256(ctypes.string_at(base + start, length)).hexdigest() for start, length in json.loads(sys.argv[2])]
print(json.dumps({'version': version.value, 'digests': digests}))
`
