import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { mapLimited } from '../../../pipelines/weights/limit.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { SkippedFile } from '../../../recipes/locked-weights.ts'
import { claims, repositoryOf } from '../../recipes/repositories.ts'
import { scratchStore } from '../../scratch.ts'
import { toolPath } from '../../tools/find.ts'
import {
  folderOf,
  index,
  llama,
  llamaGguf,
  lockSource,
  projector,
  safetensors,
} from '../lock/contents-folder.ts'
import { gguf } from '../memory-files.ts'
import { contextFor, sha256 } from './samples.ts'

/** A small file as its name promises it, with bytes that no other has. */
function bytesOf(path: string): string | Buffer {
  if (path === 'config.json') return JSON.stringify(llama)
  if (path === 'modules.json') return '[]'
  if (path.endsWith('.index.json')) return index({ a: 'pytorch_model.bin' })
  if (path.endsWith('.json')) return JSON.stringify({ path })
  if (path.endsWith('.safetensors')) return safetensors(`of.${path}`)
  if (/mmproj[^/]*\.gguf$/.test(path)) return Buffer.concat([projector, Buffer.from(path)])
  if (path.startsWith('imatrix')) return gguf({ 'general.type': 'imatrix' }, {})
  if (path.endsWith('.gguf')) return llamaGguf
  return path.endsWith('.bin')
    ? Buffer.concat([Buffer.from([0x80, 2]), Buffer.from(path)])
    : `text of ${path}`
}

/** Python's own reader of tars, which nobody here wrote: the sha256 of every file by its path, by the tar. */
const readTars = `
import hashlib, json, sys, tarfile
found = {}
for name in json.load(sys.stdin):
    with tarfile.open(name) as archive:
        files = [member for member in archive if member.isfile()]
        found[name] = {one.name: hashlib.sha256(archive.extractfile(one).read()).hexdigest() for one in files}
print(json.dumps(found))
`

const engines = { folder: 'vllm', gguf: 'llama-cpp' } as const satisfies Record<string, EngineId>
const seeds = Array.from({ length: 100 }, (_, seed) => 1000 + seed)
const repositories = seeds.flatMap((seed) => [[seed, 'folder'] as const, [seed, 'gguf'] as const])

interface Packed {
  files: Record<string, string | Buffer>
  expected: ReturnType<typeof repositoryOf>
  skipped: SkippedFile[]
  blobs: string[]
}

async function pack(store: Store, [seed, engine]: (typeof repositories)[number]): Promise<Packed> {
  const expected = repositoryOf(seed, engine)
  const files = Object.fromEntries([...expected.keys()].map((path) => [path, bytesOf(path)]))
  const { weights } = await lockSource(engines[engine], { type: 'folder', path: await folderOf(files) })
  const layers = planWeightLayers(weights.files, { modelFolder: '/models/m', smallFileBytes: 200 })
  const context = { ...contextFor(), formats: engineOf(engines[engine]).formats }
  const stored = await packWeights(store, weights, layers, context)
  const blobs = stored.map(({ descriptor }) => blobPath(store, descriptor.digest))
  return { files, expected, skipped: weights.skipped ?? [], blobs }
}

// Two hundred repositories, with files that are synced.
test('of each of 200 repositories every file is in a layer with its bytes, or in the lock’s list with a true reason', {
  timeout: 300_000,
}, async () => {
  const store = await scratchStore()
  const all = await mapLimited(repositories, 8, (one) => pack(store, one))
  const input = JSON.stringify([...new Set(all.flatMap(({ blobs }) => blobs))])
  const members: Record<string, Record<string, string>> = JSON.parse(
    execFileSync(toolPath('python3'), ['-c', readTars], { input, encoding: 'utf8' }),
  )
  for (const [at, { files, expected, skipped, blobs }] of all.entries()) {
    const [seed, engine] = repositories[at] ?? []
    const paths = Object.keys(files)
    const needed = paths.filter((path) => ['both', engine].includes(String(expected.get(path))))
    const layers = Object.assign({}, ...blobs.map((blob) => members[blob]))
    expect({ seed, engine, layers }).toEqual({
      ...{ seed, engine },
      layers: Object.fromEntries(needed.map((path) => [`models/m/${path}`, sha256(files[path] ?? '')])),
    })
    expect([seed, ...needed, ...skipped.map(({ path }) => path)].sort()).toEqual([seed, ...paths].sort())
    for (const { path, reason, sizeBytes } of skipped) {
      const length = Buffer.byteLength(files[path] ?? '')
      const claim = [seed, path, reason, sizeBytes, claims[reason]?.(path, paths)]
      expect(claim).toEqual([seed, path, reason, length, true])
    }
  }
  expect(all.flatMap(({ skipped }) => skipped).length).toBeGreaterThan(500)
  expect(all.flatMap(({ files }) => Object.keys(files)).length).toBeGreaterThan(1500)
})
