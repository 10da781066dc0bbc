import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { totalBytes } from '../../recipes/locked-weights.ts'
import { repoOf } from '../hub/repo.ts'
import { startHub } from '../hub/server.ts'
import { sampleBytes } from '../pipelines/weights/samples.ts'

const program = resolve(import.meta.dirname, '../pipelines/weights/programs/pack.ts')
const kills = 50

/** Runs the packing, killed after `afterMs` of work, or to its end; gives what it printed. */
async function pack(locked: string, store: string, endpoint: string, afterMs?: number): Promise<string> {
  const child = spawn(process.execPath, [program, locked, store], {
    env: { PATH: process.env['PATH'], HF_ENDPOINT: endpoint, HOME: tmpdir() },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = once(child, 'close')
  if (afterMs !== undefined) {
    while (!output.includes('packing') && child.exitCode === null) await sleep(2)
    await sleep(afterMs)
    child.kill('SIGKILL')
  }
  await ended
  return output.replace('packing\n', '').trim()
}

/** Names of blobs whose bytes are not what their name says. */
async function wrongBlobs(store: string): Promise<string[]> {
  const folder = join(store, 'blobs/sha256')
  const names = existsSync(folder) ? readdirSync(folder) : []
  const wrong = []
  for (const name of names) {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk)
    if (hash.digest('hex') !== name) wrong.push(name)
  }
  return wrong
}

test(`killed at ${kills} moments, no blob is ever wrong, and the next run completes`, async () => {
  const weights = {
    'model-1.safetensors': sampleBytes(70e6, 'one'),
    'model-2.safetensors': sampleBytes(65e6, 'two'),
  }
  const hub = await startHub([repoOf('acme/kill', { 'config.json': '{}', ...weights })])
  onTestFinished(() => hub.close())
  const scratch = await mkdtemp(join(tmpdir(), 'ingot-kill-'))
  onTestFinished(() => rm(scratch, { recursive: true, force: true }))
  const settings = readSettings({ HF_ENDPOINT: hub.url, HOME: tmpdir() })
  const source = { type: 'huggingface', repo: 'acme/kill', revision: 'main' } as const
  const inventory = await inventoryWeights(source, { recipeFolder: '/', settings })
  const locked = JSON.stringify(inventory)

  const began = performance.now()
  const expected = await pack(locked, join(scratch, 'whole'), hub.url)
  const wholeMs = performance.now() - began
  hub.sentBytes = 0
  let store = join(scratch, 'store-0')
  for (let i = 0; i < kills; i++) {
    const printed = await pack(locked, store, hub.url, (((i * 37) % kills) / kills) * wholeMs * 0.6)
    expect(await wrongBlobs(store)).toEqual([])
    if (i % 10 !== 9 && printed === '') continue
    // Either it won the race against the kill or this store was killed often enough: complete it and take a new one.
    expect(await pack(locked, store, hub.url)).toBe(expected)
    expect(await wrongBlobs(store)).toEqual([])
    store = join(scratch, `store-${i + 1}`)
  }
  expect(JSON.parse(expected)).toHaveLength(4)
  console.log(
    `${kills} kills; sent ${(hub.sentBytes / totalBytes(inventory.files)).toFixed(1)} times the model`,
  )
})
