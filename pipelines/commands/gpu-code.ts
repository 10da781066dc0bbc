import { lstat } from 'node:fs/promises'
import { type Architecture, parseArchitecture } from '../../images/gpu-code/architecture.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { listGpuCode, type SlimmedFile, slimGpuCode } from '../gpu-code/gpu-code.ts'
import { listingText, slimmedText } from '../gpu-code/text.ts'
import { slimTree } from '../gpu-code/tree.ts'
import { gpuCodeTable } from './tables/gpu-code.ts'

export const gpuCodeCommand: Command = { run: runGpuCode }

export async function runGpuCode(
  argv: readonly string[],
  context: Pick<CommandContext, 'stdout'>,
): Promise<number> {
  const { values, positionals } = readArguments(argv, gpuCodeTable)
  const targets = values.target.map(parseArchitecture)
  if (values['in-place'] && targets.length === 0) throw usageError('gpu-code', '--in-place without --target')
  const print = <Item>(items: readonly Item[], text: (item: Item) => string) =>
    context.stdout(values.json ? `${JSON.stringify(items, null, 2)}\n` : items.map(text).join(''))
  if (values['in-place']) print(await slimAll(positionals, targets), slimmedText)
  else print(await listAll(positionals, targets), listingText)
  return 0
}

async function listAll(files: readonly string[], targets: readonly Architecture[]) {
  const listings = []
  for (const file of files) listings.push(await listGpuCode(file, targets))
  return listings
}

async function slimAll(paths: readonly string[], targets: readonly Architecture[]): Promise<SlimmedFile[]> {
  const results: SlimmedFile[] = []
  for (const path of paths) {
    if ((await lstat(path)).isDirectory())
      for await (const result of slimTree(path, targets)) results.push(result)
    else results.push(...[await slimGpuCode(path, path, targets)].filter((result) => result !== null))
  }
  return results
}
