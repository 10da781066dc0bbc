import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type StoreProblem, verifyStore } from '../../../pipelines/store/check.ts'
import { collectGarbage } from '../../../pipelines/store/garbage.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { listRecords, readRecord } from '../../../pipelines/store/record.ts'
import { listReferences } from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { scratchFolder } from '../../scratch.ts'
import { startProcess } from './processes.ts'

const kills = 30

test(`kill -9 at ${kills} random moments leaves a sound store each time`, { timeout: 900_000 }, async () => {
  const root = await scratchFolder()
  for (let round = 0; round < kills; round += 1) {
    const writers = [startProcess('churn', root, 'a'), startProcess('churn', root, 'b')]
    // One round in five hits the opening of the store; the others count from when both work.
    if (round % 5 !== 0) await Promise.all(writers.map((writer) => writer.line('open')))
    const afterMs = Math.random() * 400
    await sleep(afterMs)
    await Promise.all(writers.map((writer) => writer.kill()))
    const store = await openStore(root)
    expect(await problemsOf(store), `killed after ${afterMs} ms`).toEqual([])
    await readRecords(store)
    await closeStore(store)
    await expect.poll(() => leftovers(root), { timeout: 60_000 }).toEqual([])
  }
  const store = await openStore(root)
  expect((await listReferences(store)).length).toBeGreaterThan(0)
  await closeStore(store)
})

test('two processes that write the same blob at once both succeed', { timeout: 60_000 }, async () => {
  const root = await scratchFolder()
  const writers = [startProcess('same', root, '64'), startProcess('same', root, '64')]
  const [first, second] = await Promise.all(writers.map((writer) => writer.end()))
  expect(first).toEqual(second)
  const store = await openStore(root)
  expect(await verifyStore(store)).toMatchObject({ blobs: 1, problems: 0 })
  await closeStore(store)
})

async function problemsOf(store: Store): Promise<StoreProblem[]> {
  const problems: StoreProblem[] = []
  await verifyStore(store, (problem) => problems.push(problem))
  return problems
}

/** Throws when one of them is half written. */
async function readRecords(store: Store): Promise<void> {
  for (const key of await listRecords(store, 'plan')) await readRecord(store, 'plan', key)
}

/**
 * What the next user of the store finds after the sweep. The killed process may have been starting the program that
 * locks for it, which holds the lock for the milliseconds that it lives.
 */
async function leftovers(root: string): Promise<string[]> {
  const store = await openStore(root)
  const names = await readdir(join(root, 'ingot', 'tmp'))
  const own = basename(store.temporary)
  const left = names.filter((name) => name !== own && name !== `${own}.lock`)
  if (left.length === 0) await collectGarbage(store)
  await closeStore(store)
  return left
}
