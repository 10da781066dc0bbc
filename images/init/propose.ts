import type { ModelTask } from '../../recipes/tasks.ts'
import type { EngineDefinition, Refusal } from '../engines/engine.ts'
import { gpuNamed } from '../memory/gpus.ts'
import type { PlannedMemory } from '../memory/result.ts'
import { type InitChoices, type InitPlace, type JudgedDraft, judgeDraft } from './draft.ts'
import { bitsPerWeight, type ModelOffer, precisionOf, type WeightsChoice } from './offer.ts'

/** What a person asked for beside the model and the place. */
export interface InitWishes {
  engines: readonly EngineDefinition[]
  /** Counts of cards to try, the lowest first. */
  counts: readonly number[]
  name?: string
  acceptsLicense: boolean
  /** What the server is wanted for; without it the files of the model tell. */
  tasks?: readonly ModelTask[]
}

/** A recipe that the planner says yes to, or that nobody can tell about. */
export interface Proposal extends JudgedDraft {
  choices: InitChoices
  precision: string
  /** Sequences of the whole context at once; null where no card is planned for. */
  users: number | null
  /** Undefined on a processor, and where nobody can tell. */
  planned?: PlannedMemory
}

/** Why nothing suits a place. */
export interface NoProposal {
  reasons: string[]
}

/** Contexts to try, the longest first. A recipe that asks for more takes it by hand. */
const contexts = [32_768, 16_384, 8192, 4096, 2048, 1024, 512]
/** Below it a chat ends soon; it is only offered where nothing else fits. */
const usualLeast = 4096
const usersWanted = 2
const slotCounts = [8, 4]
const mostOnProcessor = 4096

/**
 * The recipe for one place: fewest cards first, then the engine's turn, then the best precision that fits with a usual
 * context for two; after all of them less of both.
 */
export function propose(offer: ModelOffer, place: InitPlace, wishes: InitWishes): Proposal | NoProposal {
  const engines = [...wishes.engines].sort((a, b) => a.suggestion.rank - b.suggestion.rank)
  const tries = wishes.counts.flatMap((count) =>
    engines.flatMap((engine) =>
      optionsOf(offer, engine, { ...place, count }).map((option) => ({ ...option, ...wishesOf(wishes) })),
    ),
  )
  if (tries.length === 0) return { reasons: [nothingLoads(offer, engines)] }
  if (place.gpu === null) return onProcessor(offer, tries)
  return (
    firstFit(offer, tries, { users: usersWanted, leastContext: usualLeast }) ??
    firstFit(offer, tries, { users: 1, leastContext: 1 }) ??
    untold(offer, tries) ?? { reasons: reasonsOf(offer, tries) }
  )
}

function wishesOf({
  name,
  acceptsLicense,
  tasks,
}: InitWishes): Pick<InitChoices, 'name' | 'acceptsLicense' | 'tasks'> {
  return { acceptsLicense, ...(name !== undefined && { name }), ...(tasks !== undefined && { tasks }) }
}

function nothingLoads({ choices }: ModelOffer, engines: readonly EngineDefinition[]): string {
  const names = engines.map(({ title }) => title).join(', ')
  return choices.length === 0
    ? 'it has no weights that an engine here loads'
    : `${names} ${engines.length === 1 ? 'does' : 'do'} not load its files`
}

/** One engine with each form of the weights that it loads, the best first. */
function optionsOf(offer: ModelOffer, engine: EngineDefinition, place: InitPlace): InitChoices[] {
  const loadable = offer.choices.filter(({ engines }) => engines.includes(engine.id))
  return sorted(loadable, place).flatMap((weights) => {
    const plain: InitChoices = { engine, weights, place, ...halfPrecision(engine, weights, place) }
    const { packsTo } = engine.suggestion
    const isPlain = weights.gguf === undefined && weights.facts?.quantization === null
    return isPlain && packsTo !== null && place.gpu !== null
      ? [plain, { ...plain, quantization: packsTo }]
      : [plain]
  })
}

/** Cards before Ampere compute no bfloat16. */
function halfPrecision(
  engine: EngineDefinition,
  { facts }: WeightsChoice,
  { gpu }: InitPlace,
): { dtype?: 'float16' } {
  const named = gpu === null ? undefined : gpuNamed(gpu)
  const lacks = named?.type === 'known' && !named.gpu.hasBf16
  return lacks && engine.memory.splits === 'heads' && facts?.dtype === 'bfloat16' ? { dtype: 'float16' } : {}
}

/** What a processor reads fast enough, and most people take. */
const bitsOnProcessor = 4.8
/** More is a copy for training and comparison. */
const mostBits = 9

/** On a card the most bits that are still packed come first; on a processor those nearest to four and a half. */
function sorted(choices: readonly WeightsChoice[], { gpu }: InitPlace): WeightsChoice[] {
  const far = (choice: WeightsChoice) =>
    Math.abs((bitsPerWeight(choice) ?? bitsOnProcessor) - bitsOnProcessor)
  if (gpu === null) return [...choices].sort((a, b) => far(a) - far(b))
  const isWide = (choice: WeightsChoice) => Number((bitsPerWeight(choice) ?? 0) > mostBits)
  return [...choices].sort((a, b) => isWide(a) - isWide(b) || b.sizeBytes - a.sizeBytes)
}

function contextsOf(weights: WeightsChoice | undefined): number[] {
  const most = weights?.facts?.maxPositions ?? contexts[0] ?? 0
  const shorter = contexts.filter((length) => length <= most)
  return shorter.length === 0 ? [most] : shorter
}

interface LeastFit {
  users: number
  /** Unless the model has less. */
  leastContext: number
}

function firstFit(
  offer: ModelOffer,
  tries: readonly InitChoices[],
  { users, leastContext }: LeastFit,
): Proposal | undefined {
  for (const option of tries) {
    const lengths = contextsOf(option.weights)
    const least = Math.min(leastContext, lengths[0] ?? 0)
    for (const contextLength of lengths.filter((length) => length >= least)) {
      const found = tryContext(offer, { ...option, contextLength }, users)
      if (found === 'hopeless') break
      if (found !== 'too long') return found
    }
  }
  return undefined
}

/** The proposal where the planner is sure that so many sequences fit at once; else whether a shorter context may help. */
function tryContext(
  offer: ModelOffer,
  choices: InitChoices,
  users: number,
): Proposal | 'too long' | 'hopeless' {
  const hasSlots = choices.engine.memory.batching.type === 'slots'
  const options = hasSlots && users > 1 ? [...slotCounts, users] : [users]
  for (const parallelism of options) {
    const asked = hasSlots ? { ...choices, parallelism } : choices
    const judged = judgeDraft(offer, asked)
    const { memory } = judged
    // A refusal, and weights that leave nothing for a cache, do not go away with a shorter context.
    if (memory?.outcome !== 'planned' || memory.weightsBytes > memory.limitBytes) return 'hopeless'
    if (!memory.fits || !memory.certain || memory.uncounted) continue
    const atOnce = hasSlots ? parallelism : Math.floor(memory.maxConcurrency)
    if (atOnce >= users) return { ...proposalOf(judged, asked), users: atOnce, planned: memory }
  }
  return 'too long'
}

function proposalOf(judged: JudgedDraft, choices: InitChoices): Omit<Proposal, 'planned'> {
  const precision = choices.quantization ?? choices.dtype ?? precisionOf(choices.weights)
  return { ...judged, choices, precision, users: null }
}

/** The memory of a host is not known here, so a short context and two sequences are taken. */
function onProcessor(offer: ModelOffer, tries: readonly InitChoices[]): Proposal | NoProposal {
  const bySlots = (option: InitChoices) => Number(option.engine.memory.batching.type !== 'slots')
  for (const option of [...tries].sort((a, b) => bySlots(a) - bySlots(b))) {
    const contextLength = contextsOf(option.weights).find((length) => length <= mostOnProcessor)
    const choices = {
      ...option,
      ...(contextLength !== undefined && { contextLength }),
      ...(bySlots(option) === 0 && { parallelism: usersWanted }),
    }
    const judged = judgeDraft(offer, choices)
    if (judged.refusals.length === 0) return proposalOf(judged, choices)
  }
  return { reasons: reasonsOf(offer, tries) }
}

/** A model whose memory nobody can tell gets a recipe that says so. */
function untold(offer: ModelOffer, tries: readonly InitChoices[]): Proposal | undefined {
  for (const option of tries) {
    const contextLength = contextsOf(option.weights).find((length) => length <= usualLeast)
    const choices = { ...option, ...(contextLength !== undefined && { contextLength }) }
    const judged = judgeDraft(offer, choices)
    const isUntold = judged.memory === null || judged.memory.outcome === 'cannot-tell'
    if (judged.refusals.length === 0 && isUntold) return proposalOf(judged, choices)
  }
  return undefined
}

/** The last word on each engine and precision, at its shortest context on most cards. */
function reasonsOf(offer: ModelOffer, tries: readonly InitChoices[]): string[] {
  const words = tries.map((option) => {
    const contextLength = contextsOf(option.weights).at(-1)
    const choices = { ...option, ...(contextLength !== undefined && { contextLength }) }
    const { refusals, memory } = judgeDraft(offer, choices)
    const { engine, weights, place, quantization } = option
    const cards = place.gpu === null ? 'a processor' : `${place.count} x ${place.gpu}`
    const why = refusals.length > 0 ? refusalWords(refusals) : (memory?.verdict ?? 'nobody can tell')
    return `${engine.title} with ${quantization ?? precisionOf(weights)} on ${cards}: ${why}`
  })
  return [...new Set(words)]
}

function refusalWords(refusals: readonly Refusal[]): string {
  return refusals.map(({ found }) => found).join('; ')
}
