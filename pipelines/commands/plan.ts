import { resolve } from 'node:path'
import { estimateCauses } from '../../images/attribution/estimate.ts'
import { estimateLines } from '../../images/attribution/text.ts'
import { factsOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import { tasksOf } from '../../images/engines/tasks.ts'
import { type ImagePlan, planDigestOf, planImage } from '../../images/plan/plan.ts'
import { quantizationWords } from '../../images/plan/quantization.ts'
import { unlockedText } from '../../images/plan/unlocked.ts'
import { gpuCodeReason, type Rewriting } from '../../images/slim-rules/slimming.ts'
import { formatBytes } from '../../lib/bytes.ts'
import type { Json } from '../../lib/json.ts'
import { prettyJson } from '../../lib/json.ts'
import type { Lock } from '../../recipes/lock.ts'
import { pickFiles } from '../../recipes/weight-selection.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { StageError } from '../error.ts'
import { requireSameFolder } from '../lock/folder.ts'
import { loadLocked } from '../lock/locked-recipe.ts'
import { type LoadedRecipe, loadRecipe } from '../lock/recipe-files.ts'
import { memoryText } from '../memory/table.ts'
import { listFolder } from '../weights/folder-list.ts'
import { planTable } from './tables/plan.ts'

export const planCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, planTable)
  const file = positionals[0] ?? ''
  const locked = await loadLocked(file, context.settings, `plan ${file}`).catch(async (error) => {
    // What the recipe says by itself is an answer too, and needs nothing but this machine.
    if (error instanceof StageError && error.code === 'missing-lock' && !values.json)
      context.stdout(`${await knownOf(await loadRecipe(file, context.settings))}\n`)
    throw error
  })
  await requireSameFolder(locked, { signal: context.signal })
  const plan = planImage(locked.recipe, locked.lock)
  // A plan holds JSON values only; interfaces without an index signature need the cast.
  const { because } = tasksOf(locked.recipe, factsOf(locked.lock))
  context.stdout(values.json ? prettyJson(plan as unknown as Json) : planText(plan, because, locked.lock))
  return 0
}

async function knownOf({ recipe, folder }: LoadedRecipe): Promise<string> {
  const { source } = recipe.weights
  if (source.type !== 'folder') return unlockedText(recipe, undefined)
  const listing = await listFolder(resolve(folder, source.path), source).catch(() => undefined)
  const { formats } = engineOf(recipe.engine.id)
  return unlockedText(recipe, listing && pickFiles(listing.files, source, formats).taken)
}

/** `because` says what the task follows from. */
function planText(plan: ImagePlan, because: string, lock: Lock): string {
  const { config, weights, verify } = plan
  return [
    `${plan.name}: ${plan.engine.id} ${plan.engine.version} serves ${plan.model}`,
    `task      ${(plan.tasks ?? ['chat']).join(', ')}: ${because}`,
    `plan      ${planDigestOf(plan)}`,
    `base      ${plan.runtime.locked.base.reference} ${plan.runtime.locked.base.digest.slice(0, 19)}`,
    `packer    ${packerText(plan)}`,
    `weights   ${weights.delivery}, ${weights.files.length} files, ${formatBytes(weights.sizeBytes)}, set ${weights.setDigest.slice(0, 19)}`,
    ...quantizationWords(lock.weights).map((words) => `made      ${words}`),
    `packages  at most ${formatBytes(plan.estimate.packagesBytes)} compressed, before slimming`,
    `user      ${config.User}, writable: /tmp`,
    ...trustText(plan),
    ...compiledText(plan),
    `command   ${(config.Entrypoint ?? []).join(' ')}`,
    ...(plan.doubts ?? []).map((doubt) => `warning   ${doubt}`),
    ...causeText(plan),
    ...removalText(plan),
    '',
    ...(plan.memory === null ? [] : [memoryText(plan.memory, plan.model)]),
    `boots     ${verify.profiles.join(', ')}: ${verify.behaviour.probes.length + 1} questions each`,
    '',
  ].join('\n')
}

function compiledText({ compileCache }: ImagePlan): string[] {
  if (compileCache === undefined) return []
  return [`compiled  a layer of what a boot writes to ${compileCache.folders.join(', ')}`]
}

function trustText({ trust = [] }: ImagePlan): string[] {
  return trust.map(
    ({ subject, sha256, notAfter }) => `trusts    ${subject} (${sha256.slice(0, 12)}), until ${notAfter}`,
  )
}

function packerText({ packer }: ImagePlan): string {
  if (packer === undefined) return 'not pinned by this lock; `ingot lock RECIPE` pins it'
  const { base, packages } = packer
  const versions = packages.map(({ name, version }) => `${name} ${version}`)
  return [`${base.reference} ${base.digest.slice(0, 19)}`, ...versions].join(', ')
}

/** The lock knows packages and wheels as they are downloaded, and weights to the byte. */
function causeText(plan: ImagePlan): string[] {
  const { locked } = plan.runtime
  const top =
    locked.type === 'upstream'
      ? `the image ${locked.base.reference}, of which nothing was read yet, comes on top`
      : `the base ${locked.base.reference} comes on top`
  const lines = estimateLines(estimateCauses(plan))
  return ['', `by cause, as it is downloaded, before anything is removed; ${top}`, ...lines]
}

function removalText({ slimming }: ImagePlan): string[] {
  const rules = (slimming?.rules ?? []).map(({ id, risk, reason }) => ({ id, risk, reason }))
  const closure = slimming?.closure
    ? [
        {
          id: 'closure',
          risk: 'safe',
          reason: 'files of packages that nothing the server starts or loads needs',
        },
      ]
    : []
  const all = [...rules, ...closure, ...rewritten(slimming?.rewriting)]
  const width = Math.max(0, ...all.map(({ id }) => id.length))
  return [
    '',
    `removed by ${all.length} rules; the report says how much by each`,
    ...all.map(({ id, risk, reason }) => `  ${risk.padEnd(7)}  ${id.padEnd(width)}  ${reason}`),
    ...(slimming.kept ?? []).map((words) => `  kept     ${words}`),
  ]
}

/** What goes out of files that stay. */
function rewritten(rewriting: Rewriting | undefined): { id: string; risk: string; reason: string }[] {
  const { targets = 'any', symbols = false } = rewriting ?? {}
  return [
    ...(targets === 'any'
      ? []
      : [
          {
            id: 'gpu-code',
            risk: 'safe',
            reason: gpuCodeReason(targets),
          },
        ]),
    ...(symbols
      ? [{ id: 'symbols', risk: 'safe', reason: 'symbol tables and debug sections, which no loader reads' }]
      : []),
  ]
}
