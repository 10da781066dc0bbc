import { stat, writeFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { hexOf } from '../../../lib/digest.ts'
import { findImage } from '../../../pipelines/catalogue/find-image.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { readImageManifest } from '../../../pipelines/store/image.ts'
import { recordPath } from '../../../pipelines/store/record.ts'
import { resolveReference } from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { verifyAgain } from '../../../pipelines/verify/run.ts'
import { subjectOf } from '../../../pipelines/verify/subject.ts'
import { scratchStore } from '../../scratch.ts'
import { type Judged, judgedImage } from './judged.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Verifies as `ingot verify` does, up to the engine, which is not here. */
async function verify({ store, report }: Judged): Promise<void> {
  const image = await findImage(report.image, store, { settings: { locksFolder: undefined }, act: 'verify' })
  const subject = await subjectOf(image, store)
  await verifyAgain(
    subject,
    { runner: 'dagger', gpus: null, memoryBytes: null, profile: null, standsIn: false },
    {
      store,
      progress: { step() {}, bytes() {}, end() {} },
      settings: readSettings({}),
      signal: new AbortController().signal,
      engine: () => Promise.reject(new Error('no engine here')),
    },
  )
}

/** As a disk does that loses a byte by itself: the file system knows of no change. */
async function loseByte(store: Store, digest: `sha256:${string}`): Promise<void> {
  const path = blobPath(store, digest)
  await writeFile(path, 'y', { flag: 'r+' })
  const { size, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  const note = { sizeBytes: Number(size), inode: `${ino}`, modifiedNs: `${mtimeNs}`, changedNs: `${ctimeNs}` }
  await writeFile(recordPath(store, 'blob-stamp', hexOf(digest)), JSON.stringify(note))
}

test('an image that is whole comes to its boot', async () => {
  await expect(verify(await judgedImage(await scratchStore()))).rejects.toThrow('no engine here')
})

test('a byte that the disk lost in a layer ends verify before any boot', async () => {
  const judged = await judgedImage(await scratchStore())
  await loseByte(judged.store, judged.weightsLayer)
  await expect(verify(judged)).rejects.toMatchObject({
    code: 'corrupt-blob',
    message: expect.stringContaining(`${judged.weightsLayer} is damaged`),
  })
})

test('so does one in the weights that are mounted', async () => {
  const judged = await judgedImage(await scratchStore(), (recipe) => {
    recipe.weights.delivery = 'artifact'
  })
  const { store, plan } = judged
  const weights = await resolveReference(store, `${plan.name}-weights:latest`)
  const { layers } = await readImageManifest(store, weights?.digest ?? judged.report.image)
  const layer = layers.find(({ size }) => size > 1e6)
  if (layer === undefined) throw new Error('no layer of weights')
  await expect(verify(judged)).rejects.toThrow('no engine here')
  await loseByte(store, layer.digest)
  await expect(verify(judged)).rejects.toMatchObject({ code: 'corrupt-blob' })
})
