import { digestOf, hexOf } from '../../lib/digest.ts'
import type { WeightEntry, WeightLayer } from '../weights/layers.ts'
import { absolutePath, type LayerEntry, smallestHashedBytes } from './layer-files.ts'

/** What a weight layer unpacks to, from its plan: nobody has to read a model for that. */
export function weightEntries({ entries }: WeightLayer): LayerEntry[] {
  return entries.map(entryOf)
}

function entryOf(entry: WeightEntry): LayerEntry {
  const path = absolutePath(entry.path)
  if (entry.type === 'directory') return { path, type: 'folder', sizeBytes: 0, mode: 0o755 }
  if (entry.type === 'symlink') return { path, type: 'link', sizeBytes: 0, mode: 0o777, target: entry.target }
  const file = { path, type: 'file', mode: 0o644 } as const
  if (entry.type === 'file') return { ...file, ...hashed(entry.file.sizeBytes, entry.file.sha256) }
  if (entry.type === 'text')
    return { ...file, ...hashed(Buffer.byteLength(entry.text), hexOf(digestOf(entry.text))) }
  const { headerBytes, start, end } = entry.part
  return { ...file, sizeBytes: headerBytes + end - start }
}

function hashed(sizeBytes: number, sha256: string): { sizeBytes: number; sha256?: string } {
  return sizeBytes < smallestHashedBytes ? { sizeBytes } : { sizeBytes, sha256 }
}
