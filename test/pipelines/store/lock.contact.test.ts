import { closeSync, openSync } from 'node:fs'
import { appendFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readBlobText } from '../../../pipelines/store/blobs.ts'
import { holderOf, holdLock, holdPlace, tryLock, withStoreLock } from '../../../pipelines/store/lock.ts'
import { commitPartial, newPartial } from '../../../pipelines/store/partial.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { sha256 } from './image.ts'
import { startProcess } from './processes.ts'

test('one holder at a time, in one process as well', async () => {
  const store = await scratchStore()
  const log: string[] = []
  async function visit(name: string): Promise<void> {
    await withStoreLock(store, 'demo', async () => {
      log.push(`${name} in`)
      await new Promise((done) => setTimeout(done, 20))
      log.push(`${name} out`)
    })
  }
  await Promise.all(['a', 'b', 'c'].map(visit))
  for (let index = 0; index < log.length; index += 2)
    expect(log[index + 1]).toBe(log[index]?.replace('in', 'out'))
})

test('waiting names the holder, and a killed holder holds nothing', { timeout: 60_000 }, async () => {
  const store = await scratchStore()
  const holder = startProcess('hold', store.root, 'demo')
  await holder.line('held')
  const waits: string[] = []
  const onWait = (name: string) => {
    waits.push(name)
    holder.child.kill('SIGKILL')
  }
  expect(await withStoreLock(store, 'demo', async () => 'mine', { onWait })).toBe('mine')
  expect(waits).toEqual([`process ${holder.child.pid}`])
})

test('waiting can be given up', { timeout: 60_000 }, async () => {
  const store = await scratchStore()
  const holder = startProcess('hold', store.root, 'demo')
  await holder.line('held')
  const stop = new AbortController()
  const waiting = withStoreLock(store, 'demo', async () => 'mine', {
    onWait: () => stop.abort(),
    signal: stop.signal,
  })
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
})

test('an act that fails gives the lock back', async () => {
  const store = await scratchStore()
  const failing = withStoreLock(store, 'demo', () => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
  expect(await withStoreLock(store, 'demo', async () => 'mine')).toBe('mine')
})

test('a partial download outlives its process and becomes a blob', async () => {
  const store = await scratchStore()
  const first = await newPartial(store, 'weights/model.gguf')
  await appendFile(first.path, 'half ')
  first.release()
  const second = await newPartial(store, 'weights/model.gguf')
  expect(second).toMatchObject({ path: first.path, sizeBytes: 5 })
  await appendFile(second.path, 'and half')
  const digest = sha256(Buffer.from('half and half'))
  await expect(commitPartial(store, second.path, digest, 12)).rejects.toMatchObject({ code: 'size-mismatch' })
  await commitPartial(store, second.path, digest, 13)
  second.release()
  expect(await readBlobText(store, digest)).toBe('half and half')
  await expect(stat(second.path)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a partial belongs to one process until it dies', { timeout: 60_000 }, async () => {
  const store = await scratchStore()
  const holder = startProcess('partial', store.root, 'demo')
  await holder.line('held')
  const waits: string[] = []
  const onWait = (name: string) => {
    waits.push(name)
    holder.child.kill('SIGKILL')
  }
  const partial = await newPartial(store, 'demo', { onWait })
  expect(waits).toEqual([`process ${holder.child.pid}`])
  partial.release()
})

// Whoever finds a lock taken asks for its holder, which may be done, and its file gone, by then.
test('a holder that took its lock file with it is named all the same', async () => {
  const store = await scratchStore()
  const path = join(store.root, 'ingot', 'locks', 'demo.lock')
  const lock = await holdLock(path)
  const descriptor = openSync(path, 'r')
  lock.release({ remove: true })
  expect(holderOf(descriptor)).toBe(`process ${process.pid}`)
  closeSync(descriptor)
})

// Whoever prunes tries the lock of every session, and one that ends at this moment is nobody to wait for.
test('a lock whose holder takes it away while somebody tries it is free', async () => {
  const store = await scratchStore()
  const path = join(store.root, 'ingot', 'locks', 'demo.lock')
  const programs = await scratchFolder()
  // The moment between opening the file and locking it.
  const script = `#!/bin/sh\n[ -e ${programs}/once ] || rm ${path}\n: > ${programs}/once\nPATH=$OTHERS exec flock "$@"\n`
  await writeFile(join(programs, 'flock'), script, { mode: 0o755 })
  vi.stubEnv('OTHERS', process.env['PATH'])
  vi.stubEnv('PATH', `${programs}:${process.env['PATH']}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const lock = await tryLock(path)
  expect(lock).toBeDefined()
  expect(await tryLock(path)).toBeUndefined()
  lock?.release({ remove: true })
})

test.skipIf(process.platform !== 'linux')(
  'a place that is no store is refused in the words of the disk',
  async () => {
    await expect(holdLock('/sys/ingot.lock')).rejects.toMatchObject({ code: 'not-writable' })
    await expect(holdPlace('/sys/ingot.lock')).rejects.toMatchObject({
      code: expect.stringMatching(/^E[A-Z]+$/),
    })
  },
)
