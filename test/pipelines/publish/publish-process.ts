import { parseDigest } from '../../../lib/digest.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { resolveReference } from '../../../pipelines/store/reference.ts'
import { publishTo } from './place.ts'

// A publisher in a process of its own: node publish-process.ts STORE DIGEST REPOSITORY [whole]

const [folder = '', digest = '', to = '', mode = ''] = process.argv.slice(2)
const store = await openStore(folder)
const root = await resolveReference(store, parseDigest(digest))
if (root === undefined) throw new Error(`no image ${digest}`)
process.stdout.write('begun\n')
const done = await publishTo({
  store,
  root,
  tags: ['v1'],
  to,
  environment: process.env,
  ...(mode !== 'whole' && { chunkBytes: 100_000 }),
})
await closeStore(store)
process.stdout.write(`${done.digest}\n`)
