import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { errnoOf, messageOf } from '../../lib/error.ts'
import {
  mostCertificateBytes,
  type ReadCertificates,
  readCertificates,
  type TrustedFile,
} from '../../recipes/certificates.ts'
import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'

/** The files of certificates that a recipe names, and what is wrong with them. They are small, and a recipe is judged in one go. */
export function readTrusted(
  { image: { trust } }: Recipe,
  folder: string,
): { files: TrustedFile[]; findings: Finding[] } {
  if (trust === undefined || trust === 'keep') return { files: [], findings: [] }
  const read = trust.map((path) => readOne(path, folder))
  return {
    files: read.flatMap((one) => (one.ok ? [one.file] : [])),
    findings: read.flatMap((one, index) =>
      one.ok
        ? []
        : [
            {
              kind: 'problem',
              path: ['image', 'trust', index],
              part: 'value',
              message: `no file of certificates: ${one.message}`,
              hint: one.hint,
            } as const,
          ],
    ),
  }
}

function readOne(path: string, folder: string): ReadCertificates {
  const hint = 'name a PEM file, relative to the recipe'
  try {
    const file = resolve(folder, path)
    const info = statSync(file)
    // A FIFO would be waited for without an end.
    if (!info.isFile()) return { ok: false, message: 'it is no regular file', hint }
    if (info.size > mostCertificateBytes)
      return { ok: false, message: `it has ${info.size} bytes, and 1 MiB is allowed`, hint }
    return readCertificates(path, readFileSync(file))
  } catch (error) {
    const message = errnoOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    return { ok: false, message, hint }
  }
}
