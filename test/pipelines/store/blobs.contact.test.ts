import { randomBytes } from 'node:crypto'
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { blobPath, readBlob, readBlobText, statBlob } from '../../../pipelines/store/blobs.ts'
import { adoptFile, writeBlob, writeBlobText } from '../../../pipelines/store/write.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { bytesOf, pieces, sha256 } from './image.ts'

const mebibyte = 1024 * 1024

test.each([0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 5 * mebibyte + 7])(
  '%i bytes come back as they went in',
  async (sizeBytes) => {
    const store = await scratchStore()
    const content = randomBytes(sizeBytes)
    const blob = await writeBlob(store, pieces(content, 100_003))
    expect(blob).toEqual({ digest: sha256(content), sizeBytes })
    expect(await statBlob(store, blob.digest)).toBe(sizeBytes)
    expect((await bytesOf(readBlob(store, blob.digest))).equals(content)).toBe(true)
  },
)

test.each([
  [0, 1],
  [0, 3 * mebibyte],
  [mebibyte - 1, mebibyte + 1],
  [2 * mebibyte, 3 * mebibyte],
  [5, 5],
])('bytes %i to %i can be read alone', async (start, end) => {
  const store = await scratchStore()
  const content = randomBytes(3 * mebibyte)
  const { digest } = await writeBlob(store, pieces(content))
  const part = await bytesOf(readBlob(store, digest, { start, end }))
  expect(part.equals(content.subarray(start, end))).toBe(true)
})

const someBlob = randomBytes(2 * mebibyte)

test.each([
  ['digest-mismatch', { digest: sha256(Buffer.from('other')) }],
  ['size-mismatch', { digest: sha256(someBlob), sizeBytes: 5 }],
] as const)('%s: what is not the expected blob leaves nothing', async (code, expected) => {
  const store = await scratchStore()
  await expect(writeBlob(store, pieces(someBlob), expected)).rejects.toMatchObject({ code })
  expect(await filesOf(store.root)).toEqual([])
})

test('a source that fails leaves nothing, and its error comes through', async () => {
  const store = await scratchStore()
  async function* broken() {
    yield* pieces(someBlob)
    throw new Error('connection reset')
  }
  await expect(writeBlob(store, broken())).rejects.toThrow('connection reset')
  expect(await filesOf(store.root)).toEqual([])
})

test.each([
  ['a changed byte', (path: string) => writeFile(path, 'x', { flag: 'r+' })],
  ['a missing end', (path: string) => truncate(path, 2 * mebibyte - 1)],
  ['an added end', (path: string) => writeFile(path, 'x', { flag: 'a' })],
])('%s is found while reading, before the last chunk is out', async (_name, damage) => {
  const store = await scratchStore()
  const { digest } = await writeBlob(store, pieces(someBlob))
  await damage(blobPath(store, digest))
  let receivedBytes = 0
  const reading = (async () => {
    for await (const chunk of readBlob(store, digest)) receivedBytes += chunk.byteLength
  })()
  await expect(reading).rejects.toMatchObject({ code: 'corrupt-blob' })
  expect(receivedBytes).toBeLessThan((await statBlob(store, digest)) ?? 0)
})

test('a damaged document is not returned', async () => {
  const store = await scratchStore()
  const { digest } = await writeBlobText(store, '{"a":1}')
  await writeFile(blobPath(store, digest), '{"a":2}')
  await expect(readBlobText(store, digest)).rejects.toMatchObject({ code: 'corrupt-blob' })
})

test('writing a damaged blob again heals it', async () => {
  const store = await scratchStore()
  const { digest } = await writeBlobText(store, 'good')
  await writeFile(blobPath(store, digest), 'evil')
  await writeBlobText(store, 'good')
  expect(await readBlobText(store, digest)).toBe('good')
})

test('what is missing or too large to be a document is refused', async () => {
  const store = await scratchStore()
  const absent = sha256(Buffer.from('absent'))
  await expect(readBlobText(store, absent)).rejects.toMatchObject({ code: 'missing-blob' })
  await expect(bytesOf(readBlob(store, absent))).rejects.toMatchObject({ code: 'missing-blob' })
  const { digest } = await writeBlob(store, pieces(Buffer.alloc(8 * mebibyte + 1)))
  await expect(readBlobText(store, digest)).rejects.toMatchObject({ code: 'too-large' })
})

test('a file is taken in by rename; one that is not the expected stays where it was', async () => {
  const store = await scratchStore()
  const path = join(await scratchFolder(), 'file')
  await writeFile(path, someBlob)
  const wrong = { digest: sha256(Buffer.from('other')) }
  await expect(adoptFile(store, path, wrong)).rejects.toMatchObject({ code: 'digest-mismatch' })
  expect((await readFile(path)).equals(someBlob)).toBe(true)
  expect(await adoptFile(store, path)).toEqual({ digest: sha256(someBlob), sizeBytes: someBlob.byteLength })
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
})

async function filesOf(root: string): Promise<string[]> {
  const temporary = (await readdir(join(root, 'ingot', 'tmp'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
    .map((entry) => entry.name)
  return [...(await readdir(join(root, 'blobs', 'sha256'))), ...temporary]
}
