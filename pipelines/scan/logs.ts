import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecretFinding } from '../../images/scan.ts'
import { type KnownSecret, searchSecrets } from './secrets.ts'

/** Secrets of this run in the files of a folder, such as what the engine logged; a folder that is not there holds none. */
export async function secretsInFiles(
  folder: string,
  secrets: readonly KnownSecret[],
): Promise<SecretFinding[]> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const found: SecretFinding[] = []
  for (const entry of names.filter((item) => item.isFile())) {
    const where = join(folder, entry.name)
    const search = searchSecrets(secrets)
    const forms = new Set<string>()
    for await (const piece of createReadStream(where)) for (const form of search(piece)) forms.add(form)
    found.push(...[...forms].map((what) => ({ where, what })))
  }
  return found
}
