import { type ImagePlan, planImage } from '../../images/plan.ts'
import type { Report } from '../../images/report.ts'
import { reportText } from '../../images/report-text.ts'
import type { Lock } from '../../recipes/lock.ts'
import { buildImage } from '../build.ts'
import { resolveLock } from '../lock.ts'
import { type LoadedRecipe, loadLock, loadRecipe, saveLock } from '../recipes.ts'
import type { LazyEngine } from '../session.ts'
import { closeStore, openStore } from '../store/store.ts'
import { type Command, type CommandContext, readArguments, storeFolder } from './command.ts'
import { withEngine } from './engine.ts'

export const buildCommand: Command = {
  usage: 'build RECIPE... [--no-verify] [--json]',
  summary: 'plan, build, boot and verify; prints the digest last',
  options: {
    'no-verify': 'do not boot the image; its report says "not booted"',
    json: 'the reports as JSON',
  },
  run,
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const options = { 'no-verify': { type: 'boolean' }, json: { type: 'boolean' } } as const
  const { values, positionals } = readArguments(argv, options, { command: 'build', least: 1, most: 100 })
  const loaded = await Promise.all(positionals.map((file) => loadRecipe(file, context.environment)))
  const reports = await withEngine(context, async (engine) => {
    const done: Report[] = []
    for (const recipe of loaded)
      done.push(await buildRecipe(recipe, engine, context, values['no-verify'] !== true))
    return done
  })
  if (values.json) context.stdout(`${JSON.stringify(reports, null, 2)}\n`)
  else for (const report of reports) context.stdout(reportText(report))
  return reports.every((report) => report.verdict === 'verified' || values['no-verify']) ? 0 : 1
}

async function buildRecipe(
  loaded: LoadedRecipe,
  engine: LazyEngine,
  context: CommandContext,
  verify: boolean,
): Promise<Report> {
  const lock = await lockOf(loaded, engine, context)
  const plan: ImagePlan = planImage(loaded.recipe, lock)
  const store = await openStore(storeFolder(context.environment))
  try {
    return await buildImage(plan, lock.weights, {
      store,
      progress: context.progress,
      engine: () => engine.client(),
      recipeFolder: loaded.folder,
      environment: context.environment,
      signal: context.signal,
      verify,
    })
  } finally {
    await closeStore(store)
  }
}

/** A recipe that was never locked is locked now, as package managers do; an existing lock is never changed here. */
async function lockOf(loaded: LoadedRecipe, engine: LazyEngine, context: CommandContext): Promise<Lock> {
  const known = await loadLock(loaded.lockFile)
  if (known) return known
  context.progress.step(`lock ${loaded.recipe.name}`)
  const lock = await resolveLock(await engine.client(), loaded, context.environment)
  await saveLock(loaded.lockFile, lock)
  return lock
}
