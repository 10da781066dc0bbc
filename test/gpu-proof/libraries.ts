import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Architecture } from '../../images/gpu-code/architecture.ts'
import { architectureOf, compilesFor, runsOn } from '../../images/gpu-code/architecture.ts'
import type { SlimmedFile } from '../../pipelines/gpu-code/gpu-code.ts'
import { slimTree } from '../../pipelines/gpu-code/tree.ts'
import { memoryOf } from '../images/elf/memory.ts'
import { codeInMemory, type SeenCode } from '../images/gpu-code/second-reader.ts'

/** Folders of a Python environment that hold torch and the libraries it loads. */
const packages = ['torch', 'torchgen', 'functorch', 'triton', 'nvidia']

/** Folders of the stock libraries, so that a slimmed run can be told to have taken none of them. */
export function stockFolders(site: string): string[] {
  return packages.map((name) => join(site, name)).filter((folder) => existsSync(folder))
}

/** Copies torch and its libraries below `place`, with their times, so that bytecode stays valid. */
export function copyLibraries(site: string, place: string): void {
  mkdirSync(place, { recursive: true })
  for (const folder of stockFolders(site))
    cpSync(folder, join(place, relative(site, folder)), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    })
}

/** Takes the code for other cards out of every library below `place`. */
export async function slimLibraries(place: string, target: Architecture): Promise<SlimmedFile[]> {
  const files: SlimmedFile[] = []
  for await (const file of slimTree(place, [target])) files.push(file)
  return files
}

/**
 * Bytes of code in a library's memory that the card can neither run nor compile, by a reader that shares no line with the product. An
 * entry without machine code, which stands in for what went, does not count.
 */
export function unusableBytes(file: string, target: Architecture): number {
  const code = codeInMemory(memoryOf(readFileSync(file)))
  return code
    .filter((seen) => !isUsable(seen, target) && seen.payload.length !== markerBytes)
    .reduce((sum, { payload }) => sum + payload.length, 0)
}

/** What the product leaves in an emptied container: an ELF header and the names of its sections. */
const markerBytes = 208

function isUsable({ name }: SeenCode, target: Architecture): boolean {
  const match = /^(elf|ptx)(\d+)([af]?)$/.exec(name)
  if (match === null) return true
  const portability = match[3] === 'a' ? 'exact' : match[3] === 'f' ? 'family' : 'portable'
  const architecture = architectureOf(Number(match[2]), portability)
  return match[1] === 'elf' ? runsOn(architecture, target) : compilesFor(architecture, target)
}

/** Files of a driver's compute cache with their bytes, by path below it. */
export function cacheFiles(folder: string): Record<string, number> {
  if (!existsSync(folder)) return {}
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => statSync(join(folder, name)).isFile())
  return Object.fromEntries(files.map((name) => [name, statSync(join(folder, name)).size]))
}
