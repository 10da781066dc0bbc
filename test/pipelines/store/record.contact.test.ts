import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  listRecordKinds,
  listRecords,
  readRecord,
  removeRecord,
  writeRecord,
} from '../../../pipelines/store/record.ts'
import { scratchStore } from '../../scratch.ts'

const keys = [`sha256:${'a'.repeat(64)}`, 'a/b c', 'é*?', 'a'.repeat(200)]

test.each(keys)('a record is found by its key %j', async (key) => {
  const store = await scratchStore()
  expect(await readRecord(store, 'plan', key)).toBeUndefined()
  await writeRecord(store, 'plan', key, { a: 1 })
  await writeRecord(store, 'plan', key, { a: 2 })
  expect(await readRecord(store, 'plan', key)).toEqual({ a: 2 })
  expect(await listRecords(store, 'plan')).toEqual([key])
  expect(await listRecordKinds(store)).toEqual(['plan'])
  await removeRecord(store, 'plan', key)
  expect(await listRecords(store, 'plan')).toEqual([])
})

test.each([
  ['plan', ''],
  ['plan', '..'],
  ['plan', 'a'.repeat(300)],
  ['tmp', 'a'],
  ['locks', 'a'],
  ['../plan', 'a'],
])('kind %j with key %j is refused', async (kind, key) => {
  const store = await scratchStore()
  await expect(writeRecord(store, kind, key, 1)).rejects.toMatchObject({ code: 'bad-name' })
})

test('half a record is corrupt, not absent', async () => {
  const store = await scratchStore()
  await mkdir(join(store.root, 'ingot', 'plan'))
  await writeFile(join(store.root, 'ingot', 'plan', 'a.json'), '{"a":')
  await expect(readRecord(store, 'plan', 'a')).rejects.toMatchObject({ code: 'corrupt-record' })
})
