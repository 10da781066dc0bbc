import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { errnoOf, messageOf } from '../../lib/error.ts'

export type SmallFile = { ok: true; bytes: Uint8Array } | { ok: false; message: string }

/** The bytes of a file that a recipe names relative to itself, or in words why there are none. */
export function readSmallFile(path: string, folder: string, mostBytes: number): SmallFile {
  try {
    const file = resolve(folder, path)
    const info = statSync(file)
    // A FIFO would be waited for without an end.
    if (!info.isFile()) return { ok: false, message: 'it is no regular file' }
    if (info.size > mostBytes)
      return { ok: false, message: `it has ${info.size} bytes, and ${sizeWords(mostBytes)} is allowed` }
    return { ok: true, bytes: readFileSync(file) }
  } catch (error) {
    return { ok: false, message: errnoOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error) }
  }
}

function sizeWords(bytes: number): string {
  return bytes % (1 << 20) === 0 ? `${bytes >> 20} MiB` : `${bytes >> 10} KiB`
}
