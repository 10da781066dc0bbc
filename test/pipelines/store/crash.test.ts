import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type StoreProblem, verifyStore } from '../../../pipelines/store/check.ts'
import { collectGarbage } from '../../../pipelines/store/garbage.ts'
import { listRecords, readRecord } from '../../../pipelines/store/record.ts'
import { listReferences } from '../../../pipelines/store/reference.ts'
import { closeStore, openStore, type Store } from '../../../pipelines/store/store.ts'
import { startProcess } from './processes.ts'
import { scratchFolder } from './scratch.ts'

const kills = 30

test(`kill -9 at ${kills} random moments leaves a sound store each time`, { timeout: 300_000 }, async () => {
  const root = await scratchFolder()
  for (let round = 0; round < kills; round += 1) {
    const writers = [startProcess('churn', root, 'a'), startProcess('churn', root, 'b')]
    // From before the store is open to some images later.
    const afterMs = round % 5 === 0 ? Math.random() * 100 : 100 + Math.random() * 400
    await sleep(afterMs)
    await Promise.all(writers.map((writer) => writer.kill()))
    const store = await openStore(root)
    expect(await problemsOf(store), `killed after ${afterMs} ms`).toEqual([])
    await readRecords(store)
    expect(await temporaryEntries(store)).toHaveLength(2)
    await collectGarbage(store)
    await closeStore(store)
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

/** The folder of this session and its lock, unless the sweep forgot something. */
function temporaryEntries(store: Store): Promise<string[]> {
  return readdir(join(store.root, 'ingot', 'tmp'))
}
