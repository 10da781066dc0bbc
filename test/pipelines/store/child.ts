// A process of its own that uses a store until it is killed: node child.ts ACT ROOT [MORE]
import { setTimeout as sleep } from 'node:timers/promises'
import { withStoreLock } from '../../../pipelines/store/lock.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { newPartial } from '../../../pipelines/store/partial.ts'
import { writeRecord } from '../../../pipelines/store/record.ts'
import { setReference } from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlob } from '../../../pipelines/store/write.ts'
import { scratchImage } from './image.ts'

const acts: Record<string, (store: Store, more: string) => Promise<void>> = {
  /** Writes images, references and records without an end. */
  async churn(store, more) {
    for (let round = 0; ; round += 1) {
      const { descriptor } = await scratchImage(store, 1_500_000)
      await setReference(store, `demo:${more}-${round % 5}`, descriptor)
      await writeRecord(store, 'plan', `${more}-${round % 5}`, {
        image: descriptor.digest,
        note: 'x'.repeat(5000),
      })
    }
  },
  /** Writes one blob of this many MiB that is the same in every process. */
  async same(store, more) {
    async function* content() {
      for (let index = 0; index < Number(more); index += 1) yield Buffer.alloc(1024 * 1024, index)
    }
    process.stdout.write(`${(await writeBlob(store, content())).digest}\n`)
  },
  async hold(store, more) {
    await withStoreLock(store, more, async () => {
      process.stdout.write('held\n')
      await sleep(600_000)
    })
  },
  async partial(store, more) {
    await newPartial(store, more)
    process.stdout.write('held\n')
    await sleep(600_000)
  },
}

const [act = '', root = '', more = ''] = process.argv.slice(2)
const store = await openStore(root)
process.stdout.write('open\n')
await acts[act]?.(store, more)
await closeStore(store)
