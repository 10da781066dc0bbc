import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withLock } from '../../lab/lock.ts'

test('withLock lets one task run at a time', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lab-'))
  const events: string[] = []
  const task = (name: string) =>
    withLock(
      join(dir, 'lock'),
      () => {},
      async () => {
        events.push(`${name} starts`)
        await new Promise((done) => setTimeout(done, 50))
        events.push(`${name} ends`)
      },
    )
  await Promise.all([task('a'), task('b')])
  expect(events.map((event) => event.split(' ')[1])).toEqual(['starts', 'ends', 'starts', 'ends'])
  await rm(dir, { recursive: true })
})

test('withLock says so where its file cannot be opened', async () => {
  const file = '/proc/no-place-for-a-lock'
  const lock = withLock(
    file,
    () => {},
    async () => 'done',
  )
  await expect(lock).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining(file) })
})
