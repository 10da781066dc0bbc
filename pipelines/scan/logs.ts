import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecretFinding } from '../../images/report/scan-result.ts'
import { errnoOf } from '../../lib/error.ts'
import type { KnownSecret } from '../../lib/known-secrets.ts'
import { searchContent } from './content.ts'

/** Secrets of this run, and tokens by their form, in the files of a folder, such as what the engine logged; a folder that is not there holds none. */
export async function secretsInFiles(
  folder: string,
  secrets: readonly KnownSecret[],
): Promise<SecretFinding[]> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const found: SecretFinding[] = []
  for (const entry of names.filter((item) => item.isFile())) {
    const where = join(folder, entry.name)
    const search = searchContent(secrets)
    try {
      for await (const piece of createReadStream(where))
        found.push(...search(piece).map(({ what }) => ({ where, what })))
    } catch (error) {
      // What somebody removed since it was listed holds nothing any more.
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }
  return found
}
