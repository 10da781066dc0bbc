import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { outputOf } from '../../lab/commands.ts'
import { toolsFolder } from './find.ts'

/**
 * A digest of the tools' folder (names, sizes and times) and of Debian's installed packages. It is the same before and after
 * tests that installed nothing.
 */
export async function installedState(): Promise<string> {
  const hash = createHash('sha256')
  for (const line of await fileLines()) hash.update(line)
  hash.update((await outputOf('dpkg-query', ['--show'])) ?? '')
  return hash.digest('hex')
}

/** Python writes compiled files beside sources that it reads, and a lock's file changes when it is held. */
async function fileLines(): Promise<string[]> {
  const entries = await readdir(toolsFolder(), { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter((entry) => entry.isFile() && !/\.(lock|pyc)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  const lines = paths.map(async (path) => {
    const { size, mtimeMs } = await stat(path)
    return `${path} ${size} ${mtimeMs}\n`
  })
  return (await Promise.all(lines)).sort()
}
