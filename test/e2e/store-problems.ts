import { verifyStore } from '../../pipelines/store/check.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'

export async function problemsOf(folder: string): Promise<number> {
  const store = await openStore(folder)
  try {
    return (await verifyStore(store)).problems
  } finally {
    await closeStore(store)
  }
}
