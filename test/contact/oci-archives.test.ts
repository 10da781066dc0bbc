import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { planWeightLayers } from '../../images/weights/layers.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { contextFor, safetensorsOf, sha256 } from '../pipelines/weights/samples.ts'
import { scratchFolder, scratchStore } from '../scratch.ts'
import { toolPath } from '../tools/find.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const run = promisify(execFile)
const context = contextFor()

let registry: DebianRegistry
let folder: string

/** Two layers of an image, as somebody's builds leave them: links of both kinds, and files that the upper one takes away. */
const makeLayers = `
mkdir -p one/models/stale one/models/gone one/bin one/shared two/models/stale two/shared three
printf '#!' > one/bin/run; printf old > one/models/model.safetensors; printf x > one/models/removed.json
printf x > one/models/stale/old.json; printf x > one/models/gone/old.json; printf '{"shared": 1}' > one/shared/generation_config.json
cp config.json two/models/config.json; cp model.safetensors two/models/model.safetensors
ln two/models/config.json two/models/twin.json
ln -s ../shared/generation_config.json two/models/generation_config.json
ln -s /shared/tokenizer.json two/models/tokenizer.json; printf '{"t": 1}' > two/shared/tokenizer.json
printf new > two/models/stale/new.txt
: > two/models/.wh.removed.json; : > two/models/stale/.wh..wh..opq; : > two/models/.wh.gone
tar -C one -cf one.tar . ; tar -C two -czf two.tgz .
`

beforeAll(async () => {
  registry = await startDebianRegistry()
  folder = await mkdtemp(join(tmpdir(), 'ingot-archives-'))
  await writeFile(join(folder, 'config.json'), '{"model_type": "llama"}')
  await writeFile(join(folder, 'model.safetensors'), safetensorsOf('a', 2))
  await run('bash', ['-ceu', makeLayers], { cwd: folder })
})

afterAll(async () => {
  await registry.close()
  await rm(folder, { recursive: true, force: true })
})

function tool(name: 'crane' | 'oras', ...args: string[]) {
  return run(toolPath(name), args, { cwd: folder, env: { ...process.env, HOME: folder } })
}

async function pushImage(name: string, ...layers: string[]): Promise<string> {
  const reference = `${registry.host}/acme/${name}:v1`
  const files = layers.flatMap((layer) => ['-f', layer])
  await tool('crane', 'append', '--insecure', '--oci-empty-base', ...files, '-t', reference)
  return reference
}

function lock(reference: string): Promise<LockedWeights> {
  return inventoryWeights({ type: 'oci', reference }, context)
}

/** What `crane export` has at a path of the image's whole file system, links followed. */
async function exported(reference: string): Promise<Record<string, string>> {
  const root = await scratchFolder()
  await run('bash', [
    '-ceu',
    `"$1" export --insecure "$2" - | tar -C "$3" -xf -`,
    '-',
    toolPath('crane'),
    reference,
    root,
  ])
  const files: Record<string, string> = {}
  for (const path of (await readdir(join(root, 'models'), { recursive: true })).sort()) {
    const bytes = await readFile(join(root, 'models', path)).catch(async () =>
      path === 'tokenizer.json' ? readFile(join(root, 'shared/tokenizer.json')) : undefined,
    )
    if (bytes !== undefined) files[path] = sha256(bytes)
  }
  return files
}

function hashesOf({ files }: LockedWeights): Record<string, string> {
  return Object.fromEntries(files.map(({ path, sha256: hash }) => [path, hash]))
}

async function packed(locked: LockedWeights) {
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/m', smallFileBytes: 1000 })
  const store = await scratchStore()
  const stored = await packWeights(store, locked, layers, context)
  return stored.map(({ descriptor }) => descriptor.digest)
}

test('an ordinary image has the files that its layers leave, and names its system in the lock', async () => {
  const reference = await pushImage('modelcar', 'one.tar', 'two.tgz')
  const locked = await lock(reference)
  expect(hashesOf(locked)).toEqual(await exported(reference))
  expect(Object.keys(hashesOf(locked))).toContain('stale/new.txt')
  expect(Object.keys(hashesOf(locked))).not.toContain('stale/old.json')
  expect(
    locked.skipped?.map(({ path, reason }) => `${path.replace(/[0-9a-f]{12}/, 'X')}: ${reason}`),
  ).toEqual([
    expect.stringMatching(/^layer sha256:X: [12] files?: a part of the image outside of \/models/),
    expect.stringMatching(/^layer sha256:X: [12] files?: a part of the image outside of \/models/),
  ])
})

test('layers packed with zstd give the same files, and every packing the same layers of weights', async () => {
  const reference = await pushImage('packed', 'one.tar', 'two.tgz')
  const pack = '"$1" -q one.tar -o one.tzst; gzip -dc two.tgz | "$1" -q -o two.tzst'
  await run('bash', ['-ceu', pack, '-', toolPath('zstd')], { cwd: folder })
  const other = await pushImage('packed-zstd', 'one.tzst', 'two.tzst')
  const [gzip, zstd] = [await lock(reference), await lock(other)]
  expect(hashesOf(zstd)).toEqual(hashesOf(gzip))
  const packings = (locked: LockedWeights) => new Set(locked.files.map(({ from }) => from?.split('/')[2]))
  expect([packings(gzip), packings(zstd)]).toEqual([new Set(['gzip']), new Set(['zstd'])])
  expect(zstd.setDigest).toBe(gzip.setDigest)
  const first = await packed(gzip)
  expect(first.length).toBeGreaterThan(1)
  expect(await packed(gzip)).toEqual(first)
  expect(await packed(zstd)).toEqual(first)
})

test('a folder that ORAS packed, and raw files that it pushed', async () => {
  await run(
    'bash',
    ['-ceu', 'mkdir -p dir/sub; cp config.json model.safetensors dir/; printf y > dir/sub/note.txt'],
    { cwd: folder },
  )
  const asFolder = `${registry.host}/acme/oras:folder`
  await tool('oras', 'push', '--plain-http', asFolder, 'dir')
  const asFiles = `${registry.host}/acme/oras:files`
  await tool('oras', 'push', '--plain-http', asFiles, 'config.json', 'model.safetensors')
  const [one, two] = [await lock(asFolder), await lock(asFiles)]
  expect(one.files.map(({ path }) => path)).toEqual(['config.json', 'model.safetensors', 'sub/note.txt'])
  expect(two.files.map(({ path }) => path)).toEqual(['config.json', 'model.safetensors'])
  for (const { path, sha256: hash } of two.files) expect(hashesOf(one)[path]).toBe(hash)
  await packed(one)
  await packed(two)
})

test.each(['vnd.kitops.modelkit.model.v1', 'vnd.cncf.model.weight.v1'])(
  'a packed archive of %s, with code and data sets beside it',
  async (type) => {
    await run(
      'bash',
      [
        '-ceu',
        'mkdir -p kit/model kit/src; cp config.json model.safetensors kit/model/; printf p > kit/src/train.py; tar -C kit -czf model.tgz model; tar -C kit -czf code.tgz src; tar -C kit -cf data.tar src',
      ],
      { cwd: folder },
    )
    const kind = type.replace(/(model|weight)\.v1$/, '')
    const reference = `${registry.host}/acme/${type}:v1`
    const layers = [
      `model.tgz:application/${type}.tar+gzip`,
      `code.tgz:application/${kind}code.v1.tar+gzip`,
      `data.tar:application/${kind}dataset.v1.tar`,
    ]
    await tool('oras', 'push', '--plain-http', reference, ...layers)
    const locked = await lock(reference)
    expect(locked.files.map(({ path }) => path)).toEqual(['config.json', 'model.safetensors'])
    expect(locked.skipped?.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      'data.tar: documents or data beside the model, which no server reads',
      'src/train.py: outside of model, where the model is',
    ])
    await packed(locked)
  },
)

test.each<[string, string, RegExp]>([
  [
    'a link that leads out of an archive',
    'mkdir d; cp model.safetensors d/; ln -s ../../etc/passwd d/tokenizer.json; tar -C d -czf x.tgz .',
    /tokenizer\.json: a link to \.\.\/\.\.\/etc\/passwd, which is not there/,
  ],
  [
    'a member that leads out of an archive',
    'cp model.safetensors up.safetensors; mkdir e; tar -C e -cPzf x.tgz ../up.safetensors ../model.safetensors',
    /its member "\.\.\/up\.safetensors" leads out/,
  ],
  [
    'a hard link to nothing',
    'mkdir h; cp model.safetensors h/a.safetensors; ln h/a.safetensors h/b.safetensors; tar -C h -cf x.tar a.safetensors b.safetensors; tar --delete -f x.tar a.safetensors; gzip -c x.tar > x.tgz',
    /b\.safetensors is a hard link to a\.safetensors, which is not there/,
  ],
  ['a cut archive', 'tar -cz model.safetensors config.json | head -c 100000 > x.tgz', /it was cut/],
  ['an archive of another packing', 'tar -cJf x.tgz model.safetensors', /xz or bzip2/],
])('%s is refused by its name', async (_, make, words) => {
  await run('bash', ['-ceu', `rm -rf d e h x.*; ${make}`], { cwd: folder })
  const reference = `${registry.host}/acme/bad:${sha256(make).slice(0, 8)}`
  await tool('oras', 'push', '--plain-http', reference, 'x.tgz:application/vnd.cncf.model.weight.v1.tar+gzip')
  await expect(lock(reference)).rejects.toThrow(words)
})

test('an image without a model is refused with what it has', async () => {
  await run('bash', ['-ceu', 'mkdir -p sys/bin; printf x > sys/bin/a; tar -C sys -cf sys.tar .'], {
    cwd: folder,
  })
  await expect(lock(await pushImage('system', 'sys.tar'))).rejects.toThrow(
    /no \.safetensors and no \.gguf among the 1 files/,
  )
})

test('an image with its model elsewhere is searched for it', async () => {
  await run(
    'bash',
    ['-ceu', 'mkdir -p el/opt/llm; cp config.json model.safetensors el/opt/llm; tar -C el -cf el.tar .'],
    { cwd: folder },
  )
  const locked = await lock(await pushImage('elsewhere', 'el.tar'))
  expect(locked.files.map(({ path }) => path)).toEqual(['config.json', 'model.safetensors'])
})

/** Where the registry keeps a blob, so that a test can make it lie. */
function blobPath(digest: string): string {
  const hex = digest.slice('sha256:'.length)
  return join(registry.folder, 'data/docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data')
}

test.each<[string, string, (layer: Buffer) => void]>([
  ['a tar', 'one.tar', (layer) => void layer.write('X!', layer.indexOf('#!'))],
  // The head of a gzip holds a time that no unpacker checks.
  ['packed', 'two.tgz', (layer) => void layer.writeUInt32LE(12345, 4)],
])('a layer of other bytes than its digest names is refused: %s', async (name, file, change) => {
  const layer = await readFile(join(folder, file))
  const reference = `${registry.host}/acme/lying:${name.replace(' ', '-')}`
  await tool('oras', 'push', '--plain-http', reference, `${file}:application/vnd.cncf.model.weight.v1.tar`)
  const digest = `sha256:${sha256(layer)}`
  change(layer)
  await writeFile(blobPath(digest), layer)
  await expect(lock(reference)).rejects.toMatchObject({ code: 'hash-mismatch' })
})
