import { dirname, join, resolve } from 'node:path'
import { engines, findEngine } from '../../images/engines/engines.ts'
import { PlanError } from '../../images/error.ts'
import type { InitPlace } from '../../images/init/draft.ts'
import { slugOf } from '../../images/init/names.ts'
import { type InitWishes, type Proposal, propose } from '../../images/init/propose.ts'
import { licenceQuestion, recipeText } from '../../images/init/recipe-text.ts'
import { starterWorkflow } from '../../images/init/workflow.ts'
import { nearestName } from '../../lib/suggest.ts'
import { engineIds } from '../../recipes/engine-ids.ts'
import type { ModelTask } from '../../recipes/tasks.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { Values } from '../command-line/option-table.ts'
import { listTarget } from '../init/listing.ts'
import { choosePlace } from '../init/place.ts'
import { type ReadOffer, readOffer } from '../init/read-offer.ts'
import { saveNew } from '../init/save.ts'
import { readTarget } from '../init/target.ts'
import { type Ask, terminalAsk } from '../init/terminal.ts'
import { checkRecipe } from '../lock/recipe-files.ts'
import { usualRecipes } from './list.ts'
import { initTable } from './tables/init.ts'

export const initCommand: Command = { run }

type InitValues = Values<typeof initTable>

const workflowFile = join('.github', 'workflows', 'ingot.yml')

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, initTable)
  const [model] = positionals
  if (model === undefined && !values.ci) throw usageError('init', 'an argument is missing: MODEL')
  const wishes = wishesOf(values)
  if (model !== undefined) await initModel(model, values, wishes, context)
  if (values.ci) await initWorkflow(context)
  return 0
}

/** The recipes for processors, since hosted runners have no GPU. */
async function initWorkflow({ stdout }: CommandContext): Promise<void> {
  const recipes = (await usualRecipes()).filter(({ device }) => device === 'cpu')
  const files = recipes.map(({ file }) => file)
  const hint = `move that one away, and take from it what you changed; or add ${files.join(', ') || 'a recipe'} to its matrix by hand`
  await saveNew(workflowFile, starterWorkflow(recipes), hint)
  stdout(
    `wrote ${workflowFile} for ${files.length === 0 ? 'a recipe that is to be named in it' : files.join(', ')}: set owner and commit of ingot in it, and commit it with recipes and locks\n`,
  )
  const without = recipes.filter(({ limits }) => limits === 0).map(({ file }) => file)
  if (without.length > 0)
    stdout(
      `no gate: ${without.join(', ')} has no limits in verify.load or verify.quality; with some in each recipe, set "bench" in ${workflowFile}\n`,
    )
  for (const { file } of recipes) stdout(await folderRemark(file))
}

/** A runner has a checkout and nothing else of this machine. */
async function folderRemark(file: string): Promise<string> {
  const checked = await checkRecipe(file)
  const source = checked.ok ? checked.recipe.weights.source : undefined
  if (source?.type !== 'folder') return ''
  return `weights of ${file}: they lie in the folder ${source.path}, and a runner has only what is committed; name a repository of the Hub, a URL or an artifact in weights.source, or commit them too (with Git LFS, set \`lfs: true\` for actions/checkout)\n`
}

async function initModel(
  model: string,
  values: InitValues,
  wishes: InitWishes,
  context: CommandContext,
): Promise<void> {
  const { settings, signal, progress, stdout } = context
  const recipeFolder = values.to === undefined ? process.cwd() : dirname(resolve(values.to))
  const source = { settings, signal, recipeFolder }
  progress.step(`read what ${model} is`)
  const read = await readOffer(model, await listTarget(await readTarget(model), source), source)
  progress.end()
  const ask = values.yes ? undefined : terminalAsk(signal)
  const question = { offer: read.offer, wishes, gpu: values.gpu, ask, takesUsual: values.yes }
  const place = await choosePlace(question, context)
  if (place === undefined) return context.stderr(tableAlone(model))
  const { offer, proposal } = await proposed(read, place, wishes)
  const accepted = await withLicence(offer, proposal, place, { wishes, ask })
  const file = values.to ?? `${accepted.recipe.name}.yaml`
  await saveNew(file, recipeText(offer, accepted), 'name another with --to, or move that one away')
  stdout(summaryOf(file, accepted))
  const open = licenceQuestion(offer, accepted)
  if (open !== undefined) stdout(`before that: ${open.found}; ${open.hint}\n`)
  stdout(`next: ingot build ${file}, then ingot run ${file}\n`)
}

/** Without a card the table is the answer: a recipe for some card that nobody named would only be in the way. */
function tableAlone(model: string): string {
  return `ingot: no recipe was written, since no card is named\n  to do: \`ingot init ${model} --gpu CARD\` writes one for a card of the table, --gpu cpu one for a processor; --yes takes the card of this machine, or else a processor\n`
}

function wishesOf(values: InitValues): InitWishes {
  return {
    engines: values.engine === undefined ? engines : [engineNamed(values.engine)],
    counts: values.count === undefined ? [1, 2, 4, 8] : [values.count],
    acceptsLicense: values['accept-license'],
    ...(values.name !== undefined && { name: slugOf(values.name) }),
    // The table lets no other word through.
    ...(values.task.length > 0 && { tasks: values.task as ModelTask[] }),
  }
}

function engineNamed(name: string): (typeof engines)[number] {
  const found = findEngine(name)
  if (found !== undefined) return found
  const near = nearestName(name, engineIds)
  throw usageError('init', `there is no engine "${name}"${near ? `; did you mean ${near}?` : ''}`)
}

/** The header of the file that is chosen decides, so the choice is made again with it, until it stays. */
async function proposed(
  read: ReadOffer,
  place: InitPlace,
  wishes: InitWishes,
): Promise<Pick<ReadOffer, 'offer'> & { proposal: Proposal }> {
  const found = propose(read.offer, place, wishes)
  if ('reasons' in found) throw nothingFits(read, { place, wishes, reasons: found.reasons })
  const again = await read.withHeader(found.choices.weights)
  return again.offer === read.offer ? { offer: read.offer, proposal: found } : proposed(again, place, wishes)
}

const mostReasons = 6

interface NoFit {
  place: InitPlace
  wishes: InitWishes
  reasons: readonly string[]
}

function nothingFits({ offer }: ReadOffer, { place: { gpu }, wishes, reasons }: NoFit): PlanError {
  const more = reasons.length > mostReasons ? [`and ${reasons.length - mostReasons} more`] : []
  return new PlanError('refused', {
    attempted: `find a recipe for ${offer.asked} on ${gpu ?? 'a processor'}`,
    found: [...reasons.slice(0, mostReasons), ...more].join('\n    '),
    hint: `${wishes.tasks === undefined ? '' : 'take another --task; or '}name a larger card or more of them, a smaller quantisation of the model, or leave --gpu out for a table of what fits`,
  })
}

interface LicenceAsking {
  wishes: InitWishes
  ask: Ask | undefined
}

/** Asks a person once about terms; what is not accepted stands in the recipe as a comment. */
async function withLicence(
  offer: ReadOffer['offer'],
  proposal: Proposal,
  place: InitPlace,
  { wishes, ask }: LicenceAsking,
): Promise<Proposal> {
  const open = licenceQuestion(offer, proposal)
  if (open === undefined || ask === undefined) return proposal
  const answer = await ask(`${open.found}.\nDo you accept its terms for this use (yes or no)?`, 'no')
  if (!/^y(es)?$/i.test(answer)) return proposal
  const again = propose(offer, place, { ...wishes, acceptsLicense: true })
  return 'reasons' in again ? proposal : again
}

function summaryOf(file: string, { choices, precision, recipe, users }: Proposal): string {
  const { engine, place, contextLength } = choices
  const where = place.gpu === null ? 'a processor' : `${place.count} x ${place.gpu}`
  const atOnce = users ?? recipe.serving.parallelism
  const length = contextLength === undefined ? '' : `, ${contextLength} tokens, ${atOnce} at once`
  return `wrote ${file}: ${engine.title} serves ${recipe.model.name} (${precision}) on ${where}${length}, ${recipe.weights.delivery}\n`
}
