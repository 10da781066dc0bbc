import { z } from 'zod'
import { type Digest, hexOf } from '../../lib/digest.ts'
import { readCache, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import type { Repository } from './reference.ts'

const kind = 'published-blob'
const recordSchema = z.object({ repositories: z.array(z.string()) })

// More would only make requests: the first that still has the blob is enough.
const mostKept = 4

/** Repositories of the host to which this store published a blob before, the latest first; where it can be mounted from. */
export async function repositoriesOf(store: Store, digest: Digest, target: Repository): Promise<string[]> {
  const prefix = `${target.host}/`
  return (await read(store, digest))
    .filter((repository) => repository.startsWith(prefix))
    .map((repository) => repository.slice(prefix.length))
    .filter((name) => name !== target.name)
}

/** Remembers that a repository has these blobs. */
export async function rememberPlaces(
  store: Store,
  digests: readonly Digest[],
  { host, name }: Repository,
): Promise<void> {
  const repository = `${host}/${name}`
  for (const digest of digests) {
    const before = await read(store, digest)
    if (before[0] === repository) continue
    const repositories = [repository, ...before.filter((other) => other !== repository)].slice(0, mostKept)
    await writeRecord(store, kind, hexOf(digest), { repositories })
  }
}

async function read(store: Store, digest: Digest): Promise<string[]> {
  const parsed = recordSchema.safeParse(await readCache(store, kind, hexOf(digest)))
  return parsed.success ? parsed.data.repositories : []
}
