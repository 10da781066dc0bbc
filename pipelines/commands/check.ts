import { formatDoubt, formatProblem } from '../../recipes/parse.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { checkRecipe } from '../lock/recipe-files.ts'
import { namedRecipes, passedOver } from '../lock/recipe-places.ts'
import { checkTable } from './tables/check.ts'

export const checkCommand: Command = { run }

async function run(argv: readonly string[], { stdout, stderr }: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, checkTable)
  const names = await namedRecipes(positionals)
  for (const other of await passedOver(positionals))
    stderr(`ingot: ${other} was passed over, since no key of a recipe stands in it\n`)
  const results = await Promise.all(names.map(checkRecipe))
  const problems = results.flatMap((result) => (result.ok ? [] : result.problems))
  for (const doubt of results.flatMap((result) => (result.ok ? result.doubts : [])))
    stderr(`${formatDoubt(doubt)}\n`)
  if (values.json) stdout(`${JSON.stringify(problems, null, 2)}\n`)
  else if (problems.length > 0) stdout(`${problems.map(formatProblem).join('\n')}\n`)
  else stdout(`${names.length === 1 ? 'recipe is' : `${names.length} recipes are`} valid\n`)
  return problems.length === 0 ? 0 : 2
}
