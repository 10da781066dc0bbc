import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

const run = promisify(execFile)

/** Bytes per second of one thread over memory: the floor that packing is compared with. */
export function sha256Rate(): number {
  const block = randomBytes(32 << 20)
  const hash = createHash('sha256')
  const began = performance.now()
  for (let i = 0; i < 32; i++) hash.update(block)
  hash.digest()
  return (32 * block.length) / ((performance.now() - began) / 1000)
}

/** The same on two threads at once, as a file and its tar are hashed: bytes per second of each. Cores may share what they compute with. */
export async function pairedSha256Rate(): Promise<number> {
  const program = `const { createHash, randomBytes } = require('node:crypto')
    const { parentPort } = require('node:worker_threads')
    const block = randomBytes(32 << 20)
    parentPort.on('message', () => {
      const hash = createHash('sha256')
      for (let i = 0; i < 32; i++) hash.update(block)
      parentPort.postMessage(hash.digest('hex'))
    })
    parentPort.postMessage('ready')`
  const threads = [0, 1].map(() => new Worker(program, { eval: true }))
  await Promise.all(threads.map((thread) => once(thread, 'message')))
  const began = performance.now()
  await Promise.all(
    threads.map((thread) => {
      thread.postMessage('hash')
      return once(thread, 'message')
    }),
  )
  const seconds = (performance.now() - began) / 1000
  await Promise.all(threads.map((thread) => thread.terminate()))
  return (32 * (32 << 20)) / seconds
}

/** What the disk alone takes, past the page cache where it can. */
export async function diskSeconds(folder: string, bytes: number): Promise<number> {
  const path = join(folder, 'zeros')
  const block = 2 << 20
  const args = [
    'if=/dev/zero',
    `of=${path}`,
    `bs=${block}`,
    `count=${Math.ceil(bytes / block)}`,
    'conv=fsync',
  ]
  const began = performance.now()
  await run('dd', [...args, 'oflag=direct'])
  const seconds = (performance.now() - began) / 1000
  await rm(path)
  return seconds
}
