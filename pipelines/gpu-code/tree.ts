import { link, lstat, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ElfError } from '../../images/elf/error.ts'
import type { Architecture } from '../../images/gpu-code/architecture.ts'
import type { Shrinking } from '../../images/gpu-code/rewrite.ts'
import { type SlimmedFile, slimGpuCode } from '../gpu-code.ts'

/** Libraries below hold no GPU code worth the look: the smallest of vLLM's 11 with any has 220 kB. */
const leastFileBytes = 100_000

/**
 * Slims every ELF file below a folder in place, one after the other, and tells each file that holds GPU code. Links are
 * not followed; a second name of the same file becomes a name of the slimmed one; files that only begin as ELF (32-bit, cut
 * short) stay as they are. Throws at the first file that fails
 * its check, which is then as it was.
 */
export async function* slimTree(
  folder: string,
  targets: readonly Architecture[],
  shrinking: Shrinking = 'holes',
): AsyncGenerator<SlimmedFile> {
  const slimmed = new Map<string, string>()
  for await (const { path, inode } of filesBelow(folder)) {
    const known = slimmed.get(inode)
    if (known === undefined) {
      const result = await slimGpuCode(path, path, targets, shrinking).catch(nullForOtherFiles)
      if (result?.changed) slimmed.set(inode, path)
      if (result) yield result
    } else await linkInstead(known, path)
  }
}

function nullForOtherFiles(error: unknown): null {
  if (error instanceof ElfError) return null
  throw error
}

interface FoundFile {
  path: string
  inode: string
}

async function* filesBelow(folder: string): AsyncGenerator<FoundFile> {
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    if (!entry.isFile()) continue
    const { size, dev, ino } = await lstat(path)
    if (size >= leastFileBytes) yield { path, inode: `${dev}:${ino}` }
  }
}

async function linkInstead(target: string, path: string): Promise<void> {
  const temporary = `${path}.ingot-${process.pid}`
  await rm(temporary, { force: true })
  await link(target, temporary)
  await rename(temporary, path)
}
