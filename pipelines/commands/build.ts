import { resolve } from 'node:path'
import { stockPlanOf } from '../../images/gate/stock.ts'
import { type ImagePlan, planImage } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { reportText } from '../../images/report/text.ts'
import { firstQuestion } from '../../images/run-files/first-question.ts'
import { optional } from '../../lib/optional.ts'
import type { Lock } from '../../recipes/lock.ts'
import { wholeWeights } from '../../recipes/pinned-parts.ts'
import type { Runner } from '../boot/runner.ts'
import { buildImage } from '../build/build.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { tellFailure } from '../command-line/failure.ts'
import type { Values } from '../command-line/option-table.ts'
import { requireSameFolder, withSameFolder } from '../lock/folder.ts'
import { lockOf, saveLockOf } from '../lock/locked-recipe.ts'
import { type LoadedRecipe, loadRecipe } from '../lock/recipe-files.ts'
import { namedRecipes } from '../lock/recipe-places.ts'
import { openTaskQueue, type TaskQueue } from '../process/one-at-a-time.ts'
import type { Progress } from '../process/progress.ts'
import type { Run } from '../process/run.ts'
import type { LazyEngine } from '../process/session.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { VerifyOptions } from '../verify/run.ts'
import { withEngine } from './engine.ts'
import { readRunnerOptions } from './runner-options.ts'
import { exitCodeOfAll, forEachRecipe, outcomesText } from './several.ts'
import { buildTable } from './tables/build.ts'
import { writeReports } from './write-reports.ts'

export const buildCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, buildTable)
  const names = await namedRecipes(positionals)
  const loaded = await Promise.all(names.map((name) => loadRecipe(name, context.settings)))
  // A lock or a folder that does not fit is told before anything is built.
  await Promise.all(loaded.map((recipe) => requireFit(recipe, context)))
  const items = loaded.map((recipe) => ({ name: recipe.recipe.name, recipe }))
  const verify = !values['no-verify']
  const boot = readBootOptions(values)
  const slim = !values['no-slim']
  const boots = openTaskQueue()
  const fromRegistry = values['from-registry']
  const outcomes = await withEngine(context, (engine, explain) => {
    const build = (item: (typeof items)[number], progress: Progress) =>
      buildRecipe(item.recipe, engine, { ...context, progress, verify, slim, boots, boot, fromRegistry })
    return forEachRecipe(items, { ...context, limit: values.parallel, explain }, build)
  })
  const built = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []))
  const reports = built.map(({ report }) => report)
  if (values.report !== undefined)
    for (const report of reports) await writeReports(resolve(values.report, report.name), report)
  if (values.json) context.stdout(`${JSON.stringify(reports, null, 2)}\n`)
  else for (const report of reports) context.stdout(reportText(report))
  const tell = (error: unknown) => tellFailure(error, context.settings.display)
  context.stderr(outcomesText(outcomes, ({ report: { verdict, image } }) => `${verdict}  ${image}`, tell))
  for (const report of reports) context.stderr(unnamedText(report))
  for (const one of built) context.stderr(`${doubtText(one)}${questionText(one)}`)
  return exitCodeOfAll(
    outcomes,
    ({ report: { verdict } }) => verdict === 'verified' || (!verify && verdict !== 'failed'),
  )
}

/** Where to look at an image that failed: its name, if it had one, is that of an earlier build. */
function unnamedText({ name, image, verdict }: Report): string {
  if (verdict !== 'failed') return ''
  return `ingot: ${image} failed and got no name: ${name}:latest stays where it was. \`ingot verify ${image}\` boots it again, and a later \`ingot prune\` frees it\n`
}

interface RecipeResult {
  report: Report
  plan: ImagePlan
  /** Whether there was anything to do. */
  didWork: boolean
}

/** What the plan is not sure of; nothing of an image that was there already. */
function doubtText({ plan, didWork }: RecipeResult): string {
  if (!didWork) return ''
  return (plan.doubts ?? []).map((doubt) => `ingot: ${plan.name}: warning: ${doubt}\n`).join('')
}

/** What to ask it first, once it runs; nothing of an image that failed, that nobody booted, or that was there already. */
function questionText({ report: { name, verdict }, plan, didWork }: RecipeResult): string {
  if (verdict === 'failed' || verdict === 'not booted' || !didWork) return ''
  const question = firstQuestion(`http://127.0.0.1:${plan.port}`, plan)
  return `ingot: \`ingot run ${name}\` serves it here; what it is asked first, at its own port:\n${question}`
}

async function requireFit(loaded: LoadedRecipe, { signal }: CommandContext): Promise<void> {
  const lock = await lockOf(loaded)
  if (lock !== undefined) await requireSameFolder({ ...loaded, lock }, { signal })
}

interface RecipeContext extends Run, Pick<CommandContext, 'settings'> {
  verify: boolean
  slim: boolean
  boots: TaskQueue
  boot: VerifyOptions
  fromRegistry: readonly string[]
}

async function buildRecipe(
  loaded: LoadedRecipe,
  engine: LazyEngine,
  context: RecipeContext,
): Promise<RecipeResult> {
  const lock = (await lockOf(loaded)) ?? (await newLock(loaded, engine, context))
  const slimmed: ImagePlan = planImage(loaded.recipe, lock)
  const plan = context.slim ? slimmed : stockPlanOf(slimmed)
  const store = await openStore(context.settings.storeFolder)
  let didWork = false
  const step = (text: string) => {
    didWork = true
    context.progress.step(text)
  }
  try {
    const building = {
      ...context,
      progress: { ...context.progress, step },
      factory: lock.factory,
      store,
      engine: () => engine.client(),
      recipeFolder: loaded.folder,
      origin: { ...loaded, lock },
      createdAt: context.settings.createdAt,
    }
    const report = await withSameFolder(building.origin, building, () =>
      withChosenRunner(context, store, (runner) =>
        buildImage(plan, wholeWeights(lock), { ...building, ...optional('runner', runner) }),
      ),
    )
    return { report, plan, didWork }
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

function readBootOptions(values: Values<typeof buildTable>): VerifyOptions {
  if (values['no-verify'] && values.runner !== 'dagger')
    throw usageError('build', '--runner says what boots the image, and --no-verify boots nothing')
  return readRunnerOptions('build', values)
}

/** Docker or Podman where the person asks for them; undefined for the engine's own harness. */
async function withChosenRunner<Result>(
  { boot, settings }: RecipeContext,
  store: Store,
  use: (runner: Runner | undefined) => Promise<Result>,
): Promise<Result> {
  const { runner, ...options } = boot
  if (runner === 'dagger') return use(undefined)
  const { serveStore } = await import('../registry-server/server.ts')
  const { withContainers } = await import('../verify/run.ts')
  const registry = await serveStore(store, {})
  try {
    const { programs } = settings
    return await withContainers({ ...options, runner }, { store, registryPort: registry.port, programs }, use)
  } finally {
    await registry.close()
  }
}

/** A recipe that was never locked is locked now, as package managers do; an existing lock is never changed here. */
async function newLock(loaded: LoadedRecipe, engine: LazyEngine, context: RecipeContext): Promise<Lock> {
  const { settings, signal, progress } = context
  progress.step(`lock ${loaded.recipe.name}`)
  // A recipe that has its lock needs none of it.
  const { resolveLock } = await import('../lock/resolve.ts')
  const lock = await resolveLock(loaded, { settings, signal, engine: () => engine.client() })
  await saveLockOf(loaded, lock)
  return lock
}
