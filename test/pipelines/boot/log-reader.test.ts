import { expect, test } from 'vitest'
import { logReader } from '../../../pipelines/boot/log-reader.ts'

/** A log in memory that gives at most `pieceBytes` at once, and how many pieces were fetched of it. */
function growing(pieceBytes: number) {
  let log = Buffer.alloc(0)
  let fetched = 0
  return {
    add: (text: string) => {
      log = Buffer.concat([log, Buffer.from(text)])
    },
    fetched: () => fetched,
    read: logReader(async (fromByte) => {
      fetched += 1
      return log.subarray(fromByte, fromByte + pieceBytes)
    }),
  }
}

test('pieces are put together, in the middle of a character too', async () => {
  const log = growing(2)
  log.add('aé→b\n')
  expect(await log.read()).toBe('aé→b\n')
  log.add('more')
  expect(await log.read()).toBe('aé→b\nmore')
})

test('what is known is not fetched again', async () => {
  const log = growing(1000)
  log.add('x'.repeat(999))
  await log.read()
  await log.read()
  expect(log.fetched()).toBe(3)
})

test('one look ends, however fast the log grows', async () => {
  const endless = logReader(async () => Buffer.from('again\n'))
  expect((await endless()).startsWith('again\n')).toBe(true)
  expect((await endless()).length).toBeGreaterThan(100)
})

test('of a very long log the beginning and the end are kept', async () => {
  const log = growing(8 * 1024 ** 2)
  log.add(`first${'x'.repeat(40 * 1024 ** 2)}last`)
  const text = await log.read()
  expect(text.startsWith('first')).toBe(true)
  expect(text.endsWith('last')).toBe(true)
  expect(text.length).toBe(32 * 1024 ** 2)
})
