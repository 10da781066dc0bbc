import { createHash } from 'node:crypto'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { blobPath, chunksOf, statBlob } from './blobs.ts'
import { foreignBlob } from './foreign.ts'
import { readManifest } from './manifest.ts'
import { listReferences } from './reference.ts'
import type { Store } from './store.ts'

export type StoreProblem =
  | { type: 'corrupt'; digest: Digest }
  | { type: 'missing'; digest: Digest; neededBy: string }
  | { type: 'size'; digest: Digest; foundBytes: number; expectedBytes: number; neededBy: string }
  | { type: 'stray'; path: string }

export interface StoreCheck {
  blobs: number
  sizeBytes: number
  problems: number
}

/** Hashes every blob again and follows every reference. Problems are told one by one as they are found. */
export async function verifyStore(
  store: Store,
  onProblem: (problem: StoreProblem) => void = () => {},
): Promise<StoreCheck> {
  const check = { blobs: 0, sizeBytes: 0, problems: 0 }
  function report(problem: StoreProblem): void {
    check.problems += 1
    onProblem(problem)
  }
  const corrupt = new Set<Digest>()
  for await (const blob of listBlobs(store)) {
    check.blobs += 1
    if (blob.type === 'stray') report(blob)
    else {
      const { digest, sizeBytes } = await hashBlob(store, blob.digest)
      check.sizeBytes += sizeBytes
      if (digest === blob.digest) continue
      corrupt.add(blob.digest)
      report({ type: 'corrupt', digest: blob.digest })
    }
  }
  await checkReferences(store, corrupt, report)
  return check
}

export type ListedBlob = { type: 'blob'; digest: Digest } | { type: 'stray'; path: string }

/** Every file among the blobs; one whose name is no digest is a stray. */
export async function* listBlobs(store: Store): AsyncGenerator<ListedBlob> {
  const folder = join(store.root, 'blobs', 'sha256')
  for (const name of (await readdir(folder)).sort()) {
    const digest = `sha256:${name}`
    yield isDigest(digest) ? { type: 'blob', digest } : { type: 'stray', path: join(folder, name) }
  }
}

async function hashBlob(store: Store, digest: Digest): Promise<{ digest: Digest; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of chunksOf(await open(blobPath(store, digest), 'r'))) {
    hash.update(chunk)
    sizeBytes += chunk.byteLength
  }
  return { digest: `sha256:${hash.digest('hex')}`, sizeBytes }
}

async function checkReferences(
  store: Store,
  corrupt: ReadonlySet<Digest>,
  report: (problem: StoreProblem) => void,
): Promise<void> {
  const seen = new Set<Digest>()
  async function follow(digest: Digest, size: number, neededBy: string): Promise<void> {
    const foundBytes = await statBlob(store, digest)
    if (foundBytes === undefined) {
      if ((await foreignBlob(store, digest)) === undefined) report({ type: 'missing', digest, neededBy })
      return
    }
    if (foundBytes !== size && !corrupt.has(digest))
      report({ type: 'size', digest, foundBytes, expectedBytes: size, neededBy })
    if (seen.has(digest) || corrupt.has(digest)) return
    seen.add(digest)
    const children = (await readManifest(store, digest))?.children ?? []
    for (const child of children) await follow(child.digest, child.size, digest)
  }
  for (const { name, descriptor } of await listReferences(store))
    await follow(descriptor.digest, descriptor.size, name ?? 'index.json')
}
