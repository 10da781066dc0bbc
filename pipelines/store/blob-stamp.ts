import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type Digest, hexOf, isDigest } from '../../lib/digest.ts'
import { blobPath, statBlob } from './blobs.ts'
import { listRecords, readCache, removeRecord, writeRecord } from './record.ts'
import type { Store } from './store.ts'

const kind = 'blob-stamp'

/** Reading a smaller blob costs no more than looking its stamp up. */
export const smallestStampedBytes = 1024 * 1024

/**
 * What the file system said of a blob's file when its bytes were last hashed. Every write to the file changes it, one that
 * sets the old time again included, because nobody can set ctime. Damage below the file system does not show in it.
 */
export interface BlobStamp {
  sizeBytes: number
  inode: string
  modifiedNs: string
  changedNs: string
}

export function stampOf({ size, ino, mtimeNs, ctimeNs }: BigIntStats): BlobStamp {
  return {
    sizeBytes: Number(size),
    inode: String(ino),
    modifiedNs: String(mtimeNs),
    changedNs: String(ctimeNs),
  }
}

/** Notes that the file has the right bytes. Without a note the next use hashes it, so a disk that is full is no failure. */
export async function keepStamp(store: Store, digest: Digest, stamp: BlobStamp): Promise<void> {
  if (stamp.sizeBytes < smallestStampedBytes) return
  // The record's key is no digest: a note of a blob must not keep the blob.
  await writeRecord(store, kind, hexOf(digest), { ...stamp }).catch(() => undefined)
}

/** Notes the file as it is now. The caller has just written and hashed it. */
export async function stampBlob(store: Store, digest: Digest): Promise<void> {
  const found = await stat(blobPath(store, digest), { bigint: true }).catch(() => undefined)
  if (found) await keepStamp(store, digest, stampOf(found))
}

/** `other`: the file was written to since, or is too small to be noted; `none`: it was never noted. */
export async function compareStamp(
  store: Store,
  digest: Digest,
  stamp: BlobStamp,
): Promise<'same' | 'other' | 'none'> {
  if (stamp.sizeBytes < smallestStampedBytes) return 'other'
  const known = await readCache(store, kind, hexOf(digest))
  if (known === undefined) return 'none'
  return JSON.stringify(known, fields) === JSON.stringify(stamp, fields) ? 'same' : 'other'
}

const fields = ['changedNs', 'inode', 'modifiedNs', 'sizeBytes']

/** Forgets blobs that are not there any more. */
export async function removeStamps(store: Store): Promise<void> {
  for (const hex of await listRecords(store, kind)) {
    const digest = `sha256:${hex}`
    if (!isDigest(digest) || (await statBlob(store, digest)) === undefined)
      await removeRecord(store, kind, hex)
  }
}
