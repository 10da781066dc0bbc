import { link, lstat, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ElfError } from '../../images/elf/error.ts'
import type { GpuTargets } from '../../images/gpu-code/keep.ts'
import type { Shrinking, Symbols } from '../../images/gpu-code/rewrite.ts'
import { type SlimmedFile, slimGpuCode } from './gpu-code.ts'
import { type SlimmedHip, slimHipCode } from './hip.ts'

/** Libraries below hold no GPU code worth the look: the smallest of vLLM's 11 with any has 220 kB. */
const leastFileBytes = 100_000

/**
 * One file waits for the disk while others are read. 3,698 MB from a cold disk, two busy cores, one run each, as a multiple
 * of one read: 1 file at once 1.50, 2 files 1.32, 4 files 1.26, 6 files 1.58.
 */
const filesAtOnce = 4

/**
 * Slims every ELF file below a folder in place and tells each file that holds GPU code, by path. Links are not followed; a
 * second name of the same file becomes a name of the slimmed one; files that only begin as ELF (32-bit, cut short) stay as
 * they are. Throws at the first file that fails its check, which is then as it was.
 */
export function slimTree(
  folder: string,
  targets: GpuTargets,
  shrinking: Shrinking = 'holes',
  symbols: Symbols = 'kept',
): AsyncGenerator<SlimmedFile> {
  return slimBelow(folder, (path) => slimGpuCode(path, path, targets, { shrinking, symbols }))
}

/** The same for code of AMD's GPUs. */
export function slimHipTree(folder: string, processors: readonly string[]): AsyncGenerator<SlimmedHip> {
  return slimBelow(folder, (path) => slimHipCode(path, path, processors))
}

async function* slimBelow<Slimmed extends { changed: boolean }>(
  folder: string,
  slim: (path: string) => Promise<Slimmed | null>,
): AsyncGenerator<Slimmed> {
  const firstNames = new Map<string, FirstName>()
  const waiting: { result: Promise<Slimmed | null>; ended: Promise<unknown> }[] = []
  const running = new Set<Promise<unknown>>()
  try {
    for await (const { path, inode } of filesBelow(folder)) {
      const known = inode === undefined ? undefined : firstNames.get(inode)
      const result = known === undefined ? slim(path).catch(nullForOtherFiles) : linkAfter(known, path)
      if (inode !== undefined && known === undefined) firstNames.set(inode, { path, result })
      const forget = () => running.delete(ended)
      // A failure is thrown when its turn comes; a large file keeps its turn while later ones go on.
      const ended: Promise<unknown> = result.then(forget, forget)
      running.add(ended)
      waiting.push({ result, ended })
      if (running.size >= filesAtOnce) await Promise.race(running)
      while (waiting[0] && !running.has(waiting[0].ended)) yield* present(await waiting.shift()?.result)
    }
    while (waiting.length > 0) yield* present(await waiting.shift()?.result)
  } finally {
    await Promise.allSettled(waiting.map(({ result }) => result))
  }
}

interface FirstName {
  path: string
  result: Promise<{ changed: boolean } | null>
}

function present<Item>(item: Item | null | undefined): Item[] {
  return item === null || item === undefined ? [] : [item]
}

async function linkAfter({ path, result }: FirstName, secondName: string): Promise<null> {
  if ((await result)?.changed) await linkInstead(path, secondName)
  return null
}

function nullForOtherFiles(error: unknown): null {
  if (error instanceof ElfError) return null
  throw error
}

interface FoundFile {
  path: string
  /** Undefined for a file with one name. */
  inode: string | undefined
}

async function* filesBelow(folder: string): AsyncGenerator<FoundFile> {
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    if (!entry.isFile()) continue
    const { size, dev, ino, nlink } = await lstat(path)
    if (size >= leastFileBytes) yield { path, inode: nlink > 1 ? `${dev}:${ino}` : undefined }
  }
}

async function linkInstead(target: string, path: string): Promise<void> {
  const temporary = `${path}.ingot-${process.pid}`
  await rm(temporary, { force: true })
  await link(target, temporary)
  await rename(temporary, path)
}
