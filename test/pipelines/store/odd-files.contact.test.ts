import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layoutPlace } from '../../../pipelines/image-reader/layout.ts'
import { blobPath, readBlobText } from '../../../pipelines/store/blobs.ts'
import { type StoreProblem, verifyStore } from '../../../pipelines/store/check.ts'
import { collectGarbage } from '../../../pipelines/store/garbage.ts'
import { withStoreLock } from '../../../pipelines/store/lock.ts'
import { readCache, readRecord, recordPath, writeRecord } from '../../../pipelines/store/record.ts'
import { listReferences, setReference } from '../../../pipelines/store/reference.ts'
import { scratchStore } from '../../scratch.ts'
import { scratchImage } from './image.ts'

/** What nobody may wait for: reading a pipe without a writer never ends, and a device has no end. */
const oddities: Record<string, (path: string) => unknown> = {
  'a FIFO': (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => symlink('/dev/zero', path),
  'a folder': (path) => mkdir(path),
}

async function storeWithImage() {
  const store = await scratchStore()
  const { descriptor } = await scratchImage(store)
  await setReference(store, 'demo:v1', descriptor)
  await writeRecord(store, 'plan', 'one', { a: 1 })
  return { store, descriptor }
}

async function replaced(path: string, kind: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await oddities[kind]?.(path)
}

describe.each(Object.keys(oddities))('%s in the store', (kind) => {
  test('in place of index.json', async () => {
    const { store } = await storeWithImage()
    await replaced(join(store.root, 'index.json'), kind)
    await expect(listReferences(store)).rejects.toMatchObject({
      code: 'corrupt-index',
      failure: { found: expect.stringContaining(kind) },
    })
  })

  test('in place of a manifest, for the store and for whoever reads it as a layout', async () => {
    const { store, descriptor } = await storeWithImage()
    await replaced(blobPath(store, descriptor.digest), kind)
    await expect(readBlobText(store, descriptor.digest)).rejects.toMatchObject({ code: 'corrupt-blob' })
    const place = layoutPlace('oci:store', store.root, 'demo:v1')
    await expect(place.manifest()).rejects.toThrow(`is ${kind} and no regular file`)
    await expect(Array.fromAsync(place.read(descriptor.digest, 1))).rejects.toThrow(kind)
  })

  test('in place of a record', async () => {
    const { store } = await storeWithImage()
    await replaced(recordPath(store, 'plan', 'one'), kind)
    await expect(readRecord(store, 'plan', 'one')).rejects.toMatchObject({ code: 'corrupt-record' })
    await expect(readCache(store, 'plan', 'one')).resolves.toBeUndefined()
  })

  test('in place of oci-layout: the search of all names it', async () => {
    const { store } = await storeWithImage()
    await replaced(join(store.root, 'oci-layout'), kind)
    const problems: StoreProblem[] = []
    await verifyStore(store, (problem) => problems.push(problem))
    expect(problems).toMatchObject([{ type: 'layout' }])
  })

  test('in place of a lock', async () => {
    const { store } = await storeWithImage()
    await replaced(join(store.root, 'ingot', 'locks', 'demo.lock'), kind)
    await expect(withStoreLock(store, 'demo', async () => 'done')).rejects.toThrow()
  })
})

test('a folder among the partial downloads goes with the old ones', async () => {
  const { store } = await storeWithImage()
  const folder = join(store.root, 'ingot', 'partial', 'x')
  await mkdir(join(folder, 'y'), { recursive: true })
  await utimes(folder, 1, 1)
  await symlink('nowhere', `${folder}-link`)
  await expect(collectGarbage(store)).resolves.toMatchObject({ removed: [] })
  await expect(rm(folder)).rejects.toMatchObject({ code: 'ENOENT' })
})
