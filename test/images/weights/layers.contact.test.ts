import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  planWeightLayers,
  tarSegments,
  type WeightLayer,
  weightLayer,
} from '../../../images/weights/layers.ts'
import { tarHeader } from '../../../images/weights/tar-header.ts'
import type { WeightFile } from '../../../recipes/weights.ts'

const file = (path: string, sizeBytes: number): WeightFile => ({ path, sizeBytes, sha256: 'ab'.repeat(32) })

/** The tar with zeros for payload. */
function tarOf(layer: WeightLayer): Buffer {
  return Buffer.concat(
    tarSegments(layer).map((segment) =>
      segment.type === 'bytes' ? segment.bytes : Buffer.alloc(segment.sizeBytes),
    ),
  )
}

function listed(layer: WeightLayer): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'ingot-tar-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'layer.tar'), tarOf(layer))
  const program = `import tarfile,json,sys
print(json.dumps([[m.name,m.size,oct(m.mode),m.uid,m.gid,m.mtime,m.type.decode(),m.linkname] for m in tarfile.open(sys.argv[1])]))`
  const members = JSON.parse(
    execFileSync('python3', ['-c', program, join(folder, 'layer.tar')], { encoding: 'utf8' }),
  )
  const gnu = execFileSync(
    'tar',
    ['--list', '--quoting-style=literal', '--file', join(folder, 'layer.tar')],
    {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    },
  )
  expect(
    gnu
      .trim()
      .split('\n')
      .map((name) => name.replace(/\/$/, '')),
  ).toEqual(members.map((one: string[]) => one[0]))
  return members.map((one: unknown[]) => one.join(' '))
}

const names = [
  'config.json',
  'a'.repeat(100),
  `${'b'.repeat(120)}/${'c'.repeat(99)}`,
  `${'d'.repeat(150)}/${'e'.repeat(140)}`,
  'größe/日本.json',
  `${'ü'.repeat(60)}.txt`,
]

test.each(names)('other readers see the member %s as it was meant', (name) => {
  const layer = weightLayer('test', [
    { type: 'file', path: `models/x/${name}`, file: file(name, 700) },
    { type: 'text', path: 'models/x/text', text: 'hello' },
  ])
  expect(listed(layer)).toEqual([`models/x/${name} 700 0o644 0 0 1 0 `, 'models/x/text 5 0o644 0 0 1 0 '])
  expect(tarOf(layer).length).toBe(layer.sizeBytes)
})

test('folders, links and long link targets are read back', () => {
  const layer = weightLayer('test', [
    { type: 'directory', path: 'models/' },
    { type: 'symlink', path: 'models/short', target: '../blobs/abc' },
    { type: 'symlink', path: 'models/long', target: 'z'.repeat(200) },
  ])
  expect(listed(layer)).toEqual([
    'models 0 0o755 0 0 1 5 ',
    'models/short 0 0o777 0 0 1 2 ../blobs/abc',
    `models/long 0 0o777 0 0 1 2 ${'z'.repeat(200)}`,
  ])
})

test('a size beyond eleven octal digits goes into a pax header', () => {
  const sizes = [8 ** 11 - 1, 8 ** 11, 70e9].map((sizeBytes) =>
    tarHeader({ path: 'big', type: 'file', sizeBytes }),
  )
  expect(sizes.map((header) => header.length)).toEqual([512, 1536, 1536])
  expect(Buffer.from(sizes[2] ?? []).toString()).toContain('20 size=70000000000\n')
})

test('folders first, small files together, then one layer a file', () => {
  const files = [
    file('model-2.safetensors', 9e9),
    file('config.json', 500),
    file('model-1.safetensors', 64e6),
  ]
  const layers = planWeightLayers(files, { modelFolder: '/models/x' })
  expect(layers.map((layer) => layer.entries.map((entry) => entry.path))).toEqual([
    ['models/', 'models/x/'],
    ['models/x/config.json'],
    ['models/x/model-1.safetensors'],
    ['models/x/model-2.safetensors'],
  ])
})

test('the layer of a file does not depend on the files around it', () => {
  const shard = file('model-1.safetensors', 64e6)
  const keyIn = (...others: WeightFile[]) =>
    planWeightLayers([shard, ...others], { modelFolder: '/models/x' }).find(({ cause }) =>
      cause.endsWith('model-1.safetensors'),
    )?.key
  expect(keyIn(file('config.json', 5))).toBe(keyIn(file('model-2.safetensors', 70e6)))
})

test('no layer is larger than the registry takes, and what cannot be is refused by name', () => {
  const small = Array.from({ length: 30 }, (_, i) => file(`small-${i}`, 60e6))
  const layers = planWeightLayers(small, { modelFolder: '/models/x', maxLayerBytes: 200e6 })
  expect(Math.max(...layers.map((layer) => layer.sizeBytes))).toBeLessThanOrEqual(200e6)
  const plan = () =>
    planWeightLayers([file('huge.bin', 12e9)], { modelFolder: '/models/x', maxLayerBytes: 10e9 })
  expect(plan).toThrow('huge.bin has 12.0 GB')
})

test('a model of many shards stays below the number of layers an image may have', () => {
  const shards = Array.from({ length: 163 }, (_, i) =>
    file(`model-${String(i).padStart(5, '0')}.safetensors`, 4.3e9),
  )
  const layers = planWeightLayers(shards, { modelFolder: '/models/x', maxLayerBytes: 10e9 })
  expect(layers.length).toBeLessThanOrEqual(96)
  expect(layers.flatMap((layer) => layer.entries).length).toBe(163 + 2)
})
