import { lstat } from 'node:fs/promises'
import { type Architecture, parseArchitecture } from '../../images/gpu-code/architecture.ts'
import { isProcessor } from '../../images/gpu-code/processors.ts'
import { optional } from '../../lib/optional.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { listGpuCode, type SlimmedFile, slimGpuCode } from '../gpu-code/gpu-code.ts'
import { listHipCode, type SlimmedHip, slimHipCode } from '../gpu-code/hip.ts'
import { listingText, slimmedHipText, slimmedText } from '../gpu-code/text.ts'
import { slimHipTree, slimTree } from '../gpu-code/tree.ts'
import { gpuCodeTable } from './tables/gpu-code.ts'

export const gpuCodeCommand: Command = { run: runGpuCode }

export async function runGpuCode(
  argv: readonly string[],
  context: Pick<CommandContext, 'stdout'>,
): Promise<number> {
  const { values, positionals } = readArguments(argv, gpuCodeTable)
  const processors = values.target.filter(isProcessor)
  const targets = values.target.filter((target) => !processors.includes(target)).map(parseArchitecture)
  if (processors.length > 0 && targets.length > 0)
    throw usageError('gpu-code', 'targets of AMD and of NVIDIA at once; a library has code for one of them')
  if (values['in-place'] && values.target.length === 0)
    throw usageError('gpu-code', '--in-place without --target')
  const print = <Item>(items: readonly Item[], text: (item: Item) => string) =>
    context.stdout(values.json ? `${JSON.stringify(items, null, 2)}\n` : items.map(text).join(''))
  if (values['in-place'] && processors.length > 0)
    print(await slimHipAll(positionals, processors), slimmedHipText)
  else if (values['in-place']) print(await slimAll(positionals, targets), slimmedText)
  else print(await listAll(positionals, { targets, processors }), listingText)
  return 0
}

async function listAll(files: readonly string[], { targets, processors }: Targets) {
  const listings = []
  for (const file of files) {
    const hip = await listHipCode(file, processors)
    listings.push({ ...(await listGpuCode(file, targets)), ...optional('hip', hip ?? undefined) })
  }
  return listings
}

interface Targets {
  targets: readonly Architecture[]
  processors: readonly string[]
}

async function slimHipAll(paths: readonly string[], processors: readonly string[]): Promise<SlimmedHip[]> {
  return slimEach(paths, {
    tree: (folder) => slimHipTree(folder, processors),
    file: (path) => slimHipCode(path, path, processors),
  })
}

async function slimAll(paths: readonly string[], targets: readonly Architecture[]): Promise<SlimmedFile[]> {
  return slimEach(paths, {
    tree: (folder) => slimTree(folder, targets),
    file: (path) => slimGpuCode(path, path, targets),
  })
}

interface Slimming<Result> {
  tree(folder: string): AsyncIterable<Result>
  file(path: string): Promise<Result | null>
}

async function slimEach<Result>(paths: readonly string[], slim: Slimming<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (const path of paths) {
    if ((await lstat(path)).isDirectory()) for await (const result of slim.tree(path)) results.push(result)
    else results.push(...[await slim.file(path)].filter((result) => result !== null))
  }
  return results
}
