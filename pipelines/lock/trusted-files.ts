import {
  mostCertificateBytes,
  type ReadCertificates,
  readCertificates,
  type TrustedFile,
} from '../../recipes/certificates.ts'
import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { readSmallFile } from './small-file.ts'

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
  const small = readSmallFile(path, folder, mostCertificateBytes)
  if (!small.ok) return { ...small, hint: 'name a PEM file, relative to the recipe' }
  return readCertificates(path, small.bytes)
}
