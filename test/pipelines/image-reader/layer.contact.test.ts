import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LayerEntry } from '../../../images/attribution/layer-files.ts'
import { listLayer } from '../../../pipelines/image-reader/layer.ts'
import { craftLibrary } from '../../images/elf/craft.ts'
import { craftContainer, entriesOf } from '../../images/gpu-code/craft.ts'

const run = promisify(execFile)
const plain = { what: 'a layer', scratch: null }
let folder: string
let found: string

/** A tree with everything that makes tars differ. */
const makeTree = `
mkdir -p tree/usr/bin tree/deep
cd tree
printf hello > small
head -c 5000 /dev/zero | tr '\\0' x > large
cp large copy
ln large second-name
ln -s ../large usr/bin/link
cp /bin/true usr/bin/su; chmod 4755 usr/bin/su
chmod 1777 deep
long=deep/$(printf 'd%.0s' $(seq 120))/$(printf 'ü%.0s' $(seq 90)); mkdir -p "$(dirname "$long")"; printf long > "$long"
ln -s "$long" long-link
mkfifo pipe
for hole in 1 2 3 4 5 6 7 8 9; do printf data | dd of=sparse bs=64k seek=$((hole * 2)) conv=notrunc status=none; done
truncate -s 4M sparse
`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-layer-'))
  await run('bash', ['-ceu', makeTree], { cwd: folder })
  // type, mode, bytes, path, target of each, as find sees them.
  const listing = await run('find', ['-mindepth', '1', '-printf', '%y %m %s /%P %l\\n'], {
    cwd: join(folder, 'tree'),
  })
  found = sorted(
    listing.stdout
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => line.replace(/^([dlp] \d+) \d+/, '$1 0')),
  )
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const letters: Record<LayerEntry['type'], string> = {
  file: 'f',
  hardlink: 'f',
  link: 'l',
  folder: 'd',
  other: 'p',
}

/** The same lines from a listing; the second name of a file has the size of the first. */
function linesOf(entries: readonly LayerEntry[]): string {
  const sizes = new Map(entries.map((entry) => [entry.path, entry.sizeBytes]))
  const lines = entries
    .filter(({ path }) => path !== '/')
    .map(({ type, mode, sizeBytes, path, target = '' }) => {
      const bytes = type === 'hardlink' ? (sizes.get(target) ?? 0) : sizeBytes
      return `${letters[type]} ${mode.toString(8)} ${bytes} ${path} ${type === 'link' ? target : ''}`
    })
  return sorted(lines)
}

function sorted(lines: readonly string[]): string {
  return [...lines].sort().join('\n')
}

async function tarOf(...options: string[]): Promise<string> {
  const path = join(folder, `${options.join('').replaceAll(/\W/g, '')}.tar`)
  await run('tar', ['--create', '--file', path, '--directory', join(folder, 'tree'), ...options, '.'])
  return path
}

test.each([
  ['gnu', ['--format=gnu']],
  ['gnu, sparse with more holes than its header holds', ['--format=gnu', '--sparse']],
  ['pax', ['--format=posix']],
  ['pax, sparse 0.0', ['--format=posix', '--sparse', '--sparse-version=0.0']],
  ['pax, sparse 0.1', ['--format=posix', '--sparse', '--sparse-version=0.1']],
  ['pax, sparse 1.0', ['--format=posix', '--sparse', '--sparse-version=1.0']],
  ['pax with global records', ['--format=posix', '--pax-option=globexthdr.name=g,comment=x']],
])('a tar in the form %s lists what find sees', async (_, options) => {
  const path = await tarOf(...options)
  expect(linesOf(await listLayer(createReadStream(path), plain))).toBe(found)
})

test('it does not matter in which pieces the bytes come', async () => {
  const bytes = await readFile(await tarOf('--format=gnu', '--sparse'))
  const whole = await listLayer(Readable.from([bytes]), plain)
  for (const size of [1, 511, 513, 100_000]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (__, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    )
    expect(await listLayer(Readable.from(pieces), plain)).toEqual(whole)
  }
})

test('contents of 4 KiB and more are hashed, smaller and sparse ones are not', async () => {
  const entries = await listLayer(createReadStream(await tarOf('--format=gnu', '--sparse')), plain)
  const hashOf = (path: string) => entries.find((entry) => entry.path === path)?.sha256
  const sha256 = createHash('sha256').update('x'.repeat(5000)).digest('hex')
  const stored = entries.filter((entry) => entry.type === 'file' && entry.sha256 === sha256)
  expect(stored.map(({ path }) => path)).toHaveLength(2)
  expect(hashOf('/small')).toBeUndefined()
  expect(hashOf('/sparse')).toBeUndefined()
})

test.each([
  ['gzip', (bytes: Buffer) => gzipSync(bytes)],
  [
    'gzip in two members',
    (bytes: Buffer) => Buffer.concat([gzipSync(bytes.subarray(0, 7000)), gzipSync(bytes.subarray(7000))]),
  ],
  ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
  [
    'zstd in frames, one to be skipped, as zstd:chunked has them',
    (bytes: Buffer) =>
      Buffer.concat([
        zstdCompressSync(bytes.subarray(0, 7000)),
        zstdCompressSync(bytes.subarray(7000)),
        Buffer.from('502a4d180400000061626364', 'hex'),
      ]),
  ],
])('%s is unpacked, and a part of it is an error', async (_, compress) => {
  const bytes = compress(await readFile(await tarOf('--format=posix')))
  expect(linesOf(await listLayer(Readable.from([bytes]), plain))).toBe(found)
  for (const length of [bytes.length >> 1, 100])
    await expect(listLayer(Readable.from([bytes.subarray(0, length)]), plain)).rejects.toMatchObject({
      code: 'broken-layer',
    })
})

test('another writer of tars gives the same listing', async () => {
  const tar = pack()
  tar.entry({ name: `${'n'.repeat(150)}/é`, mode: 0o644 }, 'text')
  tar.entry({ name: 'l', type: 'symlink', linkname: 't'.repeat(120) })
  tar.entry({ name: 'h', type: 'link', linkname: 'x/../y' })
  tar.finalize()
  // tar-stream gives bytes, and its types say unknown.
  expect(await listLayer(tar as AsyncIterable<Uint8Array>, plain)).toEqual([
    { path: `/${'n'.repeat(150)}/é`, type: 'file', sizeBytes: 4, mode: 0o644 },
    { path: '/l', type: 'link', sizeBytes: 0, mode: 0o644, target: 't'.repeat(120) },
    { path: '/h', type: 'hardlink', sizeBytes: 0, mode: 0o644, target: '/y' },
  ])
})

test('bytes that are no tar are an error that names the layer', async () => {
  const noise = Readable.from([Buffer.alloc(2048, 'noise')])
  await expect(listLayer(noise, plain)).rejects.toMatchObject({
    code: 'broken-layer',
    failure: { attempted: 'read a layer', found: 'a block that is no header of a tar' },
  })
  await expect(listLayer(Readable.from([Buffer.from('fd377a585a00', 'hex')]), plain)).rejects.toThrow(/xz/)
})

test('an empty layer is empty', async () => {
  expect(await listLayer(Readable.from([Buffer.alloc(1024)]), plain)).toEqual([])
  expect(await listLayer(Readable.from([]), plain)).toEqual([])
})

test('GPU code is counted by architecture when asked for, with one library at a time on the disk', async () => {
  const containers = ['sm_80:80000 sm_90:9000', 'sm_90a:3000 compute_90:7000'].map((text) =>
    craftContainer(entriesOf(text)),
  )
  const tar = pack()
  tar.entry({ name: 'lib/libkernels.so' }, craftLibrary({ containers }).bytes)
  tar.entry({ name: 'lib/text' }, Buffer.alloc(100_000, '\x7fELF is what it begins with'))
  tar.finalize()
  // tar-stream gives bytes, and its types say unknown.
  const bytes = Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Uint8Array>))
  const scratch = await mkdtemp(join(folder, 'scratch-'))
  const pieces = Readable.from(
    Array.from({ length: bytes.length / 512 }, (_, i) => bytes.subarray(i * 512, i * 512 + 512)),
  )
  const [library, text] = await listLayer(pieces, { ...plain, scratch })
  expect(library?.gpuCode).toEqual({ sm_80: 80_000, sm_90: 9000, sm_90a: 3000, compute_90: 7000 })
  expect(text?.gpuCode).toBeUndefined()
  expect(await readdir(scratch)).toEqual([])
  const [unasked] = await listLayer(Readable.from([bytes]), plain)
  expect(unasked).toEqual({ ...library, gpuCode: undefined })
})
