import { open, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { planDigestOf, planImage } from '../../../images/plan/plan.ts'
import type { Digest } from '../../../lib/digest.ts'
import { keepReport, reportState } from '../../../pipelines/catalogue/report-record.ts'
import { blobPath, statBlob } from '../../../pipelines/store/blobs.ts'
import { verifyStore } from '../../../pipelines/store/check.ts'
import { collectGarbage } from '../../../pipelines/store/garbage.ts'
import { readImageManifest } from '../../../pipelines/store/image.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { readRecord, recordPath } from '../../../pipelines/store/record.ts'
import { listReferences, resolveReference, setReference } from '../../../pipelines/store/reference.ts'
import { failedCheck } from '../../images/report-sample.ts'
import { scratchStore } from '../../scratch.ts'
import { scratchImage } from './image.ts'
import { type Judged, judgedImage } from './judged.ts'

vi.setConfig({ testTimeout: 60_000 })

async function flipByte(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  const position = Math.floor((await file.stat()).size / 2)
  await file.read(byte, 0, 1, position)
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, position)
  await file.close()
}

/** As a program does that sets the time of the file back. */
async function flipSecretly(path: string): Promise<void> {
  const { atime, mtime } = await stat(path)
  await flipByte(path)
  await utimes(path, atime, mtime)
}

const ways: Record<string, (path: string) => Promise<void>> = {
  'one bit flipped': flipByte,
  'one bit flipped and its time set back': flipSecretly,
  'cut short': (path) => truncate(path, 50),
  emptied: (path) => truncate(path, 0),
  'longer than before': (path) => writeFile(path, 'x', { flag: 'a' }),
  gone: (path) => rm(path),
}

const parts: Record<string, (judged: Judged) => Promise<Digest>> = {
  'the layer of weights': async ({ weightsLayer }) => weightsLayer,
  'the runtime’s layer': async ({ runtimeLayer }) => runtimeLayer,
  'the config': async ({ store, report }) => (await readImageManifest(store, report.image)).config.digest,
  'the manifest': async ({ report }) => report.image,
}

const cases = Object.keys(parts).flatMap((part) => Object.keys(ways).map((way) => [part, way] as const))

test('an image that is whole is not built again', async () => {
  const { build, report, said } = await judgedImage(await scratchStore())
  expect(await build(true)).toEqual(report)
  expect(said).toEqual([])
})

test.each(cases)('a build notices %s, %s, and does not repeat the verdict', async (part, way) => {
  const judged = await judgedImage(await scratchStore())
  const { store, plan, build, report, said } = judged
  const digest = (await parts[part]?.(judged)) ?? report.image
  await ways[way]?.(blobPath(store, digest))
  expect((await reportState(store, plan))?.damages).not.toEqual([])
  // It is made again, and boots, for which there is no engine here.
  await expect(build(true)).rejects.toThrow('no engine here')
  expect(said[0]).toContain(
    `${report.image}, judged "verified" before, is not whole and is built again: ${digest}`,
  )
})

test.each(Object.keys(ways))('a layer of weights, %s, is packed again to the same image', async (way) => {
  const { store, build, report, weightsLayer } = await judgedImage(await scratchStore())
  await ways[way]?.(blobPath(store, weightsLayer))
  expect(await build(false)).toMatchObject({ image: report.image, verdict: 'not booted' })
  expect(await verifyStore(store)).toMatchObject({ problems: 0 })
})

test.each(['', '{"a":', 'null', '[]', '{}', '{"reportVersion":3}'])(
  'a report of %j is none',
  async (text) => {
    const { store, plan, build, report } = await judgedImage(await scratchStore())
    await writeFile(recordPath(store, 'report', planDigestOf(plan)), text)
    expect(await build(false)).toMatchObject({ image: report.image, verdict: 'not booted' })
    expect(await readRecord(store, 'report', planDigestOf(plan))).toMatchObject({ image: report.image })
  },
)

describe('names', () => {
  async function nameOf({ store, plan }: Judged): Promise<Digest | undefined> {
    return (await resolveReference(store, `${plan.name}:latest`))?.digest
  }

  test('a build gives an image its name again when index.json was lost; prune keeps it then', async () => {
    const folder = await scratchStore()
    const judged = await judgedImage(folder)
    await rm(join(folder.root, 'index.json'))
    const again = await openStore(folder.root)
    await closeStore(again)
    expect(await listReferences(folder)).toEqual([])
    expect(await judged.build(true)).toEqual(judged.report)
    expect(await nameOf(judged)).toBe(judged.report.image)
    await collectGarbage(folder, { recordsForMs: 0 })
    expect(await statBlob(folder, judged.weightsLayer)).toBeGreaterThan(0)
    expect(await verifyStore(folder)).toMatchObject({ problems: 0 })
  })

  test('a build points its name at its image again when it went elsewhere', async () => {
    const judged = await judgedImage(await scratchStore())
    await setReference(
      judged.store,
      `${judged.plan.name}:latest`,
      (await scratchImage(judged.store)).descriptor,
    )
    await judged.build(true)
    expect(await nameOf(judged)).toBe(judged.report.image)
  })

  test.each<[string, (judged: Judged) => Promise<unknown>, RegExp]>([
    [
      'is over its budget',
      ({ build, recipe, lock }) =>
        build(true, planImage({ ...recipe, image: { ...recipe.image, budgets: { total: 10 } } }, lock)),
      /budget/,
    ],
    [
      'cannot boot',
      ({ build, recipe, lock }) =>
        build(true, planImage({ ...recipe, serving: { ...recipe.serving, parallelism: 3 } }, lock)),
      /no engine here/,
    ],
  ])('a build that %s leaves the name where it was', async (_what, fail, words) => {
    const judged = await judgedImage(await scratchStore())
    await expect(fail(judged)).rejects.toThrow(words)
    expect(await nameOf(judged)).toBe(judged.report.image)
    expect((await listReferences(judged.store)).length).toBe(1)
  })

  test('an image that failed gets no name', async () => {
    const judged = await judgedImage(await scratchStore())
    const { store, report, build } = judged
    await setReference(store, `${report.name}:latest`, (await scratchImage(store)).descriptor)
    const [first] = report.boots
    const boots = first ? [{ ...first, checks: [failedCheck] }] : []
    await keepReport(store, { ...report, verdict: 'failed', boots })
    expect(await build(false)).toMatchObject({ verdict: 'failed' })
    expect(await nameOf(judged)).not.toBe(report.image)
  })
})

describe('weights beside the image', () => {
  const mounted = async () => {
    const store = await scratchStore()
    const judged = await judgedImage(store, (recipe) => {
      recipe.weights.delivery = 'artifact'
    })
    const weights = await resolveReference(store, `${judged.plan.name}-weights:latest`)
    if (weights === undefined) throw new Error('no image of weights')
    await keepReport(store, { ...judged.report, weightsImage: weights.digest })
    return { judged, store, weights: weights.digest }
  }

  test.each(Object.keys(ways))('a layer of them, %s, is packed again', async (way) => {
    const { judged, store, weights } = await mounted()
    const { layers } = await readImageManifest(store, weights)
    const layer = layers.find(({ size }) => size > 1e6)
    await ways[way]?.(blobPath(store, layer?.digest ?? weights))
    expect(await judged.build(true)).toMatchObject({ verdict: 'verified', weightsImage: weights })
    expect(await verifyStore(store)).toMatchObject({ problems: 0 })
    expect((await resolveReference(store, `${judged.plan.name}-weights:latest`))?.digest).toBe(weights)
  })

  test('they get their names again', async () => {
    const { judged, store } = await mounted()
    const names = async () => (await listReferences(store)).map(({ name }) => name).sort()
    const before = await names()
    await rm(join(store.root, 'index.json'))
    await closeStore(await openStore(store.root))
    await judged.build(true)
    expect(await names()).toEqual(before)
  })
})
