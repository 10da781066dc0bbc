import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseArchitecture } from '../../images/gpu-code/architecture.ts'
import { agreesWithNvidia, countedByNvidia } from '../gpu-proof/cuobjdump.ts'
import { copyLibraries, slimLibraries, stockFolders, unusableBytes } from '../gpu-proof/libraries.ts'
import { packKit } from '../gpu-proof/pack.ts'
import { toolFolder, toolPath } from '../tools/find.ts'

// The parts of the proof that need no card, with NVIDIA's own library and program. The whole of it needs torch: docs/how-to/prove-gpu.md.

const folder = mkdtempSync(join(tmpdir(), 'ingot-gpu-proof-slow-'))
const [site, copy, kit] = ['site', 'copy', 'kit'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
]
const library = 'nvidia/cu13/lib/libnvjpeg.so.13'
const cuobjdump = join(site, 'nvidia/cu13/bin/cuobjdump')
const hopper = parseArchitecture('sm_90')

beforeAll(() => {
  cpSync(toolFolder('nvjpeg'), site, { recursive: true })
  chmodSync(cuobjdump, 0o755)
  copyLibraries(site, copy)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('NVIDIA’s program counts the code of the stock library as ingot does', async () => {
  expect(await countedByNvidia(cuobjdump, join(site, library))).toMatchObject({ sm_90: 10 })
  expect(await agreesWithNvidia(cuobjdump, join(site, library))).toBe(true)
})

test('the copy is slimmed, the second reader finds nothing for other cards, and the machine’s own library is untouched', async () => {
  const before = statSync(join(site, library)).size
  expect(unusableBytes(join(copy, library), hopper)).toBeGreaterThan(1e6)
  const files = await slimLibraries(copy, hopper)
  expect(files.map(({ file }) => file)).toContain(join(copy, library))
  expect(unusableBytes(join(copy, library), hopper)).toBe(0)
  expect(statSync(join(copy, library)).size).toBeLessThan(before)
  expect(statSync(join(site, library)).size).toBe(before)
  expect(stockFolders(site)).toEqual([join(site, 'nvidia')])
})

test('the control takes the code of the card out as well', async () => {
  const none = join(folder, 'none')
  copyLibraries(copy, none)
  await slimLibraries(none, parseArchitecture('sm_75'))
  expect(unusableBytes(join(none, library), parseArchitecture('sm_75'))).toBe(0)
})

test('the kit is small, starts where there is no Node, and says what is missing', () => {
  packKit(kit)
  const sizes = readdirSync(kit, { recursive: true, encoding: 'utf8' }).map((name) =>
    statSync(join(kit, name)),
  )
  const total = sizes.filter((file) => file.isFile()).reduce((sum, { size }) => sum + size, 0)
  expect(total).toBeLessThan(60 * 1024 ** 2)
  const programs = join(folder, 'bin')
  mkdirSync(programs)
  for (const name of ['sh', 'dirname', 'chmod', 'mv']) symlinkSync(toolOf(name), join(programs, name))
  // Behind a shim of pyenv there is a whole shell.
  const python = execFileSync(toolPath('python3'), ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  })
  symlinkSync(python.trim(), join(programs, 'python3'))
  const started = spawnSync('sh', [join(kit, 'prove.sh'), '--out', join(folder, 'out')], {
    encoding: 'utf8',
    env: { PATH: programs, TMPDIR: folder },
  })
  expect(started.status).toBe(3)
  expect(started.stderr).toContain('python3 cannot import torch: name another one with --python')
})

function toolOf(name: string): string {
  return execFileSync('which', [name], { encoding: 'utf8' }).trim()
}
