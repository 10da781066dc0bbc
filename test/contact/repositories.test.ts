import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { planWeightLayers } from '../../images/weights/layers.ts'
import { lockModel } from '../../pipelines/lock/model.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import { lockRenewal } from '../../recipes/lock-renewal.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { gguf, ggufMetadata } from '../pipelines/memory-files.ts'
import { contextFor, sha256 } from '../pipelines/weights/samples.ts'
import { claims, repositoryOf } from '../recipes/repositories.ts'
import { scratchFolder } from '../scratch.ts'
import { smallLlama } from '../small-llama.ts'

vi.setConfig({ testTimeout: 120_000 })

let store: Store

beforeAll(async () => {
  store = await openStore(await mkdtemp(join(tmpdir(), 'ingot-repositories-')))
})

afterAll(async () => {
  await closeStore(store)
  await rm(store.root, { recursive: true, force: true })
})

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 17\n`
const config = smallLlama

/** A small real file of the kind that the name says; no two are the same. */
function contentOf(path: string): Buffer {
  if (path.endsWith('.safetensors')) return safetensors(path)
  if (/mmproj.*\.gguf$/.test(path))
    return Buffer.concat([gguf({ 'general.architecture': 'clip' }, { 'v.patch': 1 }), Buffer.from(path)])
  if (path.endsWith('imatrix.gguf')) return gguf({ 'general.type': 'imatrix' }, { 'm.in_sum2': 1 })
  if (path.endsWith('.gguf')) return gguf(ggufMetadata, { 'token_embd.weight': 4 })
  if (path === 'config.json') return Buffer.from(JSON.stringify(config))
  // A pickle begins so, and PyTorch's older files are pickles.
  if (path.endsWith('.bin')) return Buffer.from(`\x80\x02${path}`, 'latin1')
  return Buffer.from(path.endsWith('.json') ? JSON.stringify({ path }) : `bytes of ${path}`)
}

function safetensors(name: string): Buffer {
  const json = Buffer.from(JSON.stringify({ [name]: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.from(sha256(name).slice(0, 8))])
}

async function writeAll(files: ReadonlyMap<string, Buffer>): Promise<string> {
  const folder = await scratchFolder()
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

type Engine = 'folder' | 'gguf'

async function locked(folder: string, engine: Engine): Promise<LockedWeights> {
  const asked = {
    engine: engine === 'folder' ? 'vllm' : 'llama-cpp',
    source: { type: 'folder', path: folder },
    request: {
      runtime: { type: 'upstream', base: 'b' },
      hasReleases: false,
      maxLayerBytes: undefined,
      usesParts: true,
      modelcar: undefined,
    },
    renewal: lockRenewal(undefined, []),
    kept: undefined,
  } as const
  return (await lockModel(asked, contextFor())).weights
}

/** Files of all layers with their sha256, by a reader of tars that nobody here wrote. */
async function filesInLayers(weights: LockedWeights): Promise<[string, string][]> {
  const layers = planWeightLayers(weights.files, { modelFolder: '/models/m', smallFileBytes: 60 })
  const stored = await packWeights(store, weights, layers, contextFor())
  const found: [string, string][] = []
  for (const { descriptor } of stored) {
    const tar = extract()
    createReadStream(join(store.root, 'blobs/sha256', descriptor.digest.slice(7))).pipe(tar)
    for await (const entry of tar) {
      const chunks: Buffer[] = []
      // Bytes, as nothing sets an encoding.
      for await (const chunk of entry) chunks.push(chunk as Buffer)
      if (entry.header.type !== 'directory')
        found.push([entry.header.name.replace('models/m/', ''), sha256(Buffer.concat(chunks))])
    }
  }
  return found
}

const cases = Array.from({ length: 100 }, (_, seed) => seed).flatMap((seed) => [
  [seed, 'folder'] as const,
  [seed, 'gguf'] as const,
])

test.each(cases)(
  'repository %i for an engine of %s: each file is in a packed layer with its bytes, or in the lock with a true reason',
  async (seed, engine) => {
    const expected = repositoryOf(seed, engine)
    const paths = [...expected.keys()]
    const folder = await writeAll(new Map(paths.map((path) => [path, contentOf(path)])))
    const weights = await locked(folder, engine)
    const skipped = weights.skipped ?? []
    const packed = await filesInLayers(weights)
    expect(new Map(packed)).toEqual(new Map(packed.map(([path]) => [path, sha256(contentOf(path))])))
    expect([...packed.map(([path]) => path), ...skipped.map(({ path }) => path)].sort()).toEqual(
      [...paths].sort(),
    )
    expect(packed.map(([path]) => path).sort()).toEqual(
      paths.filter((path) => ['both', engine].includes(String(expected.get(path)))).sort(),
    )
    for (const { path, reason } of skipped)
      expect([path, reason, claims[reason]?.(path, paths)]).toEqual([path, reason, true])
  },
)

/** What makes a needed file useless, and what is said of it. */
const damages: Record<string, { change: (content: Buffer) => Buffer; words: RegExp; of: RegExp }> = {
  'a pointer of Git LFS': {
    change: () => Buffer.from(pointer),
    words: /Git LFS/,
    of: /\.(safetensors|gguf)$/,
  },
  'cut in its tensors': {
    change: (content) => content.subarray(0, -3),
    words: /cut|shorter|ends/,
    of: /\.safetensors$/,
  },
  'cut JSON': { change: (content) => content.subarray(0, -2), words: /JSON|cut/, of: /^config\.json$/ },
  empty: { change: () => Buffer.alloc(0), words: /empty/, of: /\.(safetensors|gguf)$/ },
}

const damaged = Object.keys(damages).flatMap((kind) =>
  [3, 7, 11, 19, 23].map((seed) => [kind, seed] as const),
)

test.each(damaged)('a file that is %s is refused by its name, in repository %i', async (kind, seed) => {
  const { change, words, of } = damages[kind] ?? { change: (all: Buffer) => all, words: /^$/, of: /$^/ }
  const expected = repositoryOf(seed, 'folder')
  const needed = [...expected].filter(([path, need]) => ['both', 'folder'].includes(need) && of.test(path))
  const folder = await writeAll(new Map([...expected.keys()].map((path) => [path, contentOf(path)])))
  const victim = needed[seed % needed.length]?.[0] ?? ''
  await rm(join(folder, victim))
  await writeFile(join(folder, victim), change(contentOf(victim)))
  await expect(locked(folder, 'folder')).rejects.toThrow(
    new RegExp(`${victim.replaceAll('.', '\\.')}[^\\n]*(${words.source})`),
  )
})
