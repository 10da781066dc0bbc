import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type StoreProblem, verifyStore } from '../../../pipelines/store/check.ts'
import { closeStore, freeBytes, openStore } from '../../../pipelines/store/open.ts'
import { commitPartial, newPartial } from '../../../pipelines/store/partial.ts'
import { readRecord, writeRecord } from '../../../pipelines/store/record.ts'
import { listReferences, setReference } from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { adoptFile, writeBlob } from '../../../pipelines/store/write.ts'
import { scratchFolder } from '../../scratch.ts'
import { pieces, scratchImage, sha256 } from './image.ts'

const mebibyte = 1024 * 1024

test('a blob that does not fit says so and leaves the store as it was', async () => {
  const store = await storeOnDiskOf(4)
  const { descriptor } = await scratchImage(store)
  await setReference(store, 'demo:v1', descriptor)
  const before = await freeBytes(store)
  await expect(writeBlob(store, pieces(randomBytes(8 * mebibyte)))).rejects.toMatchObject({
    code: 'disk-full',
    hint: expect.stringContaining('free space'),
  })
  expect(await freeBytes(store)).toBe(before)
  expect(await readdir(store.temporary)).toEqual([])
  expect(await problemsOf(store)).toEqual([])
  await writeBlob(store, pieces(randomBytes(mebibyte)))
})

test('a blob that is too large by one page is refused, though most of its last write fits', async () => {
  const store = await storeOnDiskOf(4)
  const content = randomBytes((await freeBytes(store)) + 4096)
  await expect(writeBlob(store, pieces(content))).rejects.toMatchObject({ code: 'disk-full' })
  expect(await verifyStore(store)).toEqual({ blobs: 0, sizeBytes: 0, problems: 0 })
})

test('a full disk takes neither names nor records away, and all goes on once there is space', async () => {
  const store = await storeOnDiskOf(4)
  const { descriptor } = await scratchImage(store)
  await setReference(store, 'demo:v1', descriptor)
  await writeRecord(store, 'plan', 'a', 'old')
  const filler = await fill(store)
  const long = 'x'.repeat(2 * mebibyte)
  await expect(setReference(store, 'demo:v2', descriptor)).rejects.toMatchObject({ code: 'disk-full' })
  await expect(writeRecord(store, 'plan', 'a', long)).rejects.toMatchObject({ code: 'disk-full' })
  expect((await listReferences(store)).map(({ name }) => name)).toEqual(['demo:v1'])
  expect(await readRecord(store, 'plan', 'a')).toBe('old')
  expect(await problemsOf(store)).toEqual([])
  await rm(filler)
  await setReference(store, 'demo:v2', descriptor)
  await writeRecord(store, 'plan', 'a', 'new')
  expect(await listReferences(store)).toHaveLength(2)
  expect(await readRecord(store, 'plan', 'a')).toBe('new')
})

test('a file on another disk is copied in, or stays when it does not fit', async () => {
  const store = await storeOnDiskOf(4)
  const folder = await scratchFolder()
  const content = randomBytes(mebibyte)
  await writeFile(join(folder, 'small'), content)
  await writeFile(join(folder, 'large'), randomBytes(8 * mebibyte))
  expect(await adoptFile(store, join(folder, 'small'))).toMatchObject({ digest: sha256(content) })
  await expect(adoptFile(store, join(folder, 'large'))).rejects.toMatchObject({ code: 'disk-full' })
  expect(await readdir(folder)).toEqual(['large'])
  expect(await problemsOf(store)).toEqual([])
})

test('a finished download gets its name on a full disk: a rename needs no space', async () => {
  const store = await storeOnDiskOf(4)
  const content = randomBytes(mebibyte)
  const partial = await newPartial(store, 'model')
  await writeFile(partial.path, content)
  await fill(store)
  await commitPartial(store, partial.path, sha256(content), content.byteLength)
  partial.release()
  expect(await problemsOf(store)).toEqual([])
})

/** A store on a file system of its own. Only root, or sudo without a password, can mount one. */
async function storeOnDiskOf(sizeMiB: number): Promise<Store> {
  const folder = await scratchFolder()
  asRoot('mount', '-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=777`, 'ingot-test', folder)
  onTestFinished(() => asRoot('umount', folder))
  const store = await openStore(join(folder, 'store'))
  onTestFinished(() => closeStore(store))
  return store
}

function asRoot(program: string, ...args: string[]): void {
  const command = process.getuid?.() === 0 ? [program] : ['sudo', '-n', program]
  try {
    execFileSync(command[0] ?? program, [...command.slice(1), ...args], { stdio: 'pipe' })
  } catch (error) {
    throw new Error(`this test mounts a small disk: run it as root or with sudo (${program} failed)`, {
      cause: error,
    })
  }
}

/** Takes every byte that is left. */
async function fill(store: Store): Promise<string> {
  const path = join(store.root, 'ingot', 'filler')
  for (let step = mebibyte; step >= 1; step = Math.floor(step / 2))
    while (await writeFile(path, Buffer.alloc(step), { flag: 'a' }).then(...took)) {}
  return path
}

const took = [() => true, () => false] as const

async function problemsOf(store: Store): Promise<StoreProblem[]> {
  const problems: StoreProblem[] = []
  await verifyStore(store, (problem) => problems.push(problem))
  return problems
}
