import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { digestOf, hexOf } from '../../../lib/digest.ts'
import { openWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import type { LocalFile, QuantizedMaker } from '../../../pipelines/weights/source.ts'
import type { LockedWeights } from '../../../recipes/locked-weights.ts'
import { setDigestOf, sortFiles } from '../../../recipes/weights.ts'
import { scratchStore } from '../../scratch.ts'
import { contextFor } from './samples.ts'

const projector = Buffer.from('a projector, which stays')
const made = Buffer.alloc(5 << 20, 'q')

const fileOf = (path: string, bytes: Uint8Array) => ({
  path,
  sizeBytes: bytes.length,
  sha256: hexOf(digestOf(bytes)),
})

/** A model that is quantised, with a projector beside it that is not. */
async function weightsIn(folder: string): Promise<LockedWeights> {
  await writeFile(join(folder, 'mmproj.gguf'), projector)
  const outer = sortFiles([fileOf('mmproj.gguf', projector), fileOf('model.gguf', Buffer.from('before'))])
  const from = {
    source: { type: 'folder' as const, path: folder },
    files: outer,
    setDigest: setDigestOf(outer),
  }
  const files = sortFiles([fileOf('mmproj.gguf', projector), fileOf('model-Q8_0.gguf', made)])
  const tool = {
    type: 'debian' as const,
    base: { reference: 'debian:forky-slim', digest: digestOf('') },
    packages: [],
  }
  const source = {
    type: 'quantized' as const,
    to: 'Q8_0',
    requantize: false,
    from,
    model: 'model.gguf',
    tool,
  }
  return { source: { ...source, tensors: [], fellBack: 0 }, files, setDigest: setDigestOf(files) }
}

async function opened(makeQuantized?: QuantizedMaker) {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-quantized-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const weights = await weightsIn(folder)
  const source = await openWeights(weights, { ...contextFor(), recipeFolder: folder, makeQuantized })
  onTestFinished(() => source.close())
  return { source, fileAt: (path: string) => weights.files.find((file) => file.path === path) ?? fail(path) }
}

function fail(path: string): never {
  throw new Error(`no file ${path}`)
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks))
}

test('the made file is read from what makes it, also from an offset, and the other from its source', async () => {
  const closed: string[] = []
  const local = (path: string): LocalFile => ({
    read: async (target, position) => made.copy(target, 0, position, position + target.length),
    close: async () => void closed.push(path),
  })
  const { source, fileAt } = await opened(async ({ to }, { path }) => local(`${path} as ${to}`))
  const model = fileAt('model-Q8_0.gguf')
  expect((await bytesOf(source.read(model, 0))).equals(made)).toBe(true)
  expect(await bytesOf(source.read(model, made.length - 3))).toEqual(Buffer.from('qqq'))
  expect(closed).toEqual(['model-Q8_0.gguf as Q8_0', 'model-Q8_0.gguf as Q8_0'])
  expect(await bytesOf(source.read(fileAt('mmproj.gguf'), 0))).toEqual(projector)
})

test('a command without an engine says that it cannot make the file', async () => {
  const { source, fileAt } = await opened()
  await expect(bytesOf(source.read(fileAt('model-Q8_0.gguf'), 0))).rejects.toMatchObject({
    code: 'refused',
    failure: { attempted: 'read model-Q8_0.gguf', hint: expect.stringContaining('ingot build') },
  })
})

test('a maker that packs its file into the very layer that is packed does not wait for itself', async () => {
  const store = await scratchStore()
  const folder = await mkdtemp(join(tmpdir(), 'ingot-quantized-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const weights = await weightsIn(folder)
  const makes: string[] = []
  const packed = async (from: LockedWeights, makeQuantized?: QuantizedMaker) => {
    const layers = planWeightLayers(from.files, { modelFolder: '/models/m' })
    return packWeights(store, from, layers, { ...contextFor(), recipeFolder: folder, makeQuantized })
  }
  const maker: QuantizedMaker = async (_, { path }) => {
    makes.push(path)
    await writeFile(join(folder, path), made)
    const files = [fileOf(path, made)]
    const own = { source: { type: 'folder' as const, path: folder }, files, setDigest: setDigestOf(files) }
    await packed(own)
    return { read: async (target, at) => made.copy(target, 0, at, at + target.length), close: async () => {} }
  }
  const layers = await packed(weights, maker)
  expect(layers).toHaveLength(2)
  expect(await packed(weights, maker)).toEqual(layers)
  expect(makes).toEqual(['model-Q8_0.gguf'])
})
