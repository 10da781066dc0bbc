import { resolve } from 'node:path'
import { engineOf } from '../../images/engines/engines.ts'
import { PlanError } from '../../images/error.ts'
import { formatBytes } from '../../lib/bytes.ts'
import { totalBytes } from '../../recipes/locked-weights.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { FetchOrigin } from '../fetch/fetch-file.ts'
import { fetchWeights } from '../fetch/fetch-weights.ts'
import { loadLocked } from '../lock/locked-recipe.ts'
import { fetchTable } from './tables/fetch.ts'

export const fetchCommand: Command = { run }

/** Throws `refused` for an engine that reads no files under their own names. */
function refuseStore({ name, engine: { id } }: Recipe): void {
  const { weights, title } = engineOf(id)
  if (weights.type === 'files') return
  throw new PlanError('refused', {
    attempted: `fetch the weights of ${name}`,
    found: `${title} reads a store of its own, not files under their names`,
    hint: 'use `delivery: artifact`: the image of the weights that `ingot build` makes holds that store',
  })
}

const words: Record<FetchOrigin, string> = {
  kept: 'was there',
  cache: 'from the Hub’s cache of this machine',
  source: 'from its source',
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, fetchTable)
  const { settings, signal, progress, stdout } = context
  const [file = ''] = positionals
  const {
    recipe,
    lock,
    folder: recipeFolder,
  } = await loadLocked(file, settings, `fetch the weights of ${file}`)
  refuseStore(recipe)
  const folder = resolve(values.to)
  const { cacheFolder } = settings.hub
  const request = { weights: lock.weights, delivery: recipe.weights.delivery, folder, cacheFolder }
  const fetched = await fetchWeights(request, { settings, signal, recipeFolder }, progress)
  progress.end()
  if (values.json) stdout(`${JSON.stringify({ folder, files: fetched }, null, 2)}\n`)
  else {
    for (const { path, sizeBytes, origin } of fetched)
      stdout(`${formatBytes(sizeBytes).padStart(9)}  ${path}  ${words[origin]}\n`)
    stdout(`${formatBytes(totalBytes(fetched))} in ${folder}, every byte as the lock says\n`)
  }
  return 0
}
