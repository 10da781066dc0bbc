import { resolve } from 'node:path'
import { modelFolderOf } from '../../images/engines/deployment.ts'
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
import { quantizedMaker } from '../quantize/quantize.ts'
import { closeStore, openStore } from '../store/open.ts'
import type { SourceContext } from '../weights/source.ts'
import { withEngine } from './engine.ts'
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
  const source = { settings, signal, recipeFolder }
  const fetched =
    lock.weights.source.type === 'quantized'
      ? await withMaker(recipe, source, context, (whole) => fetchWeights(request, whole, progress))
      : await fetchWeights(request, source, progress)
  progress.end()
  if (values.json) stdout(`${JSON.stringify({ folder, files: fetched }, null, 2)}\n`)
  else {
    for (const { path, sizeBytes, origin } of fetched)
      stdout(`${formatBytes(sizeBytes).padStart(9)}  ${path}  ${words[origin]}\n`)
    stdout(`${formatBytes(totalBytes(fetched))} in ${folder}, every byte as the lock says\n`)
  }
  return 0
}

/** Weights that are quantised here are read from the store, or made anew in the engine. */
async function withMaker<Result>(
  recipe: Recipe,
  source: SourceContext,
  context: CommandContext,
  act: (source: SourceContext) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(context.settings.storeFolder)
  const place = { platform: recipe.image.platform, modelFolder: modelFolderOf(recipe) }
  try {
    return await withEngine(context, (engine) => {
      const making = { store, source, engine: () => engine.client(), progress: context.progress }
      return act({ ...source, makeQuantized: quantizedMaker(making, place) })
    })
  } finally {
    await closeStore(store)
  }
}
