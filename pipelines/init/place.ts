import { engineOf } from '../../images/engines/engines.ts'
import type { InitPlace } from '../../images/init/draft.ts'
import { type FitRow, fitsOf, fitsText } from '../../images/init/fits.ts'
import type { ModelOffer } from '../../images/init/offer.ts'
import type { InitWishes } from '../../images/init/propose.ts'
import { findGpu, gpuNamed } from '../../images/memory/gpus.ts'
import { nvidiaFacts } from '../boot/nvidia.ts'
import { usageError } from '../command-line/arguments.ts'
import type { CommandContext } from '../command-line/command.ts'
import type { ProgramSettings } from '../settings/settings.ts'
import type { Ask } from './terminal.ts'

export interface PlaceQuestion {
  offer: ModelOffer
  wishes: InitWishes
  /** What --gpu says. */
  gpu: string | undefined
  ask: Ask | undefined
  /** Whether --yes says that nothing is to be asked, and what is usual to be taken. */
  takesUsual: boolean
}

const processor = 'cpu'

/**
 * Where the server is to run: what --gpu names; else, after the table of what fits, what the person answers; else, with --yes,
 * the card of this machine, or a processor where an engine for one loads the model. Undefined where the table is the whole
 * answer: nobody was asked, and nothing is to be guessed. Throws `usage` where --yes finds nothing to take.
 */
export async function choosePlace(
  { offer, wishes, gpu, ask, takesUsual }: PlaceQuestion,
  { settings, stdout, stderr }: Pick<CommandContext, 'settings' | 'stdout' | 'stderr'>,
): Promise<InitPlace | undefined> {
  if (gpu !== undefined) return placeNamed(gpu)
  const rows = fitsOf(offer, wishes)
  stdout(`${fitsText(rows)}\n`)
  if (ask === undefined && !takesUsual) return undefined
  const usual =
    (await cardHere(settings.programs)) ?? (hasProcessorEngine(offer, wishes) ? processor : undefined)
  if (ask !== undefined)
    return placeNamed(await ask(`Which card, or ${processor}?`, usual ?? firstOf(rows) ?? processor))
  if (usual === undefined)
    throw usageError(
      'init',
      'no card is named, and no engine for a processor loads this model: name one of the table with --gpu',
    )
  stderr(
    `ingot: no card is named: ${usual === processor ? 'this recipe is for a processor' : `this machine has ${usual}`}; --gpu names another\n`,
  )
  return placeNamed(usual)
}

function placeNamed(text: string): InitPlace {
  if (text.toLowerCase() === processor) return { gpu: null, count: 1 }
  return { gpu: findGpu(text).name, count: 1 }
}

/** The catalogue's name of the first card here. */
async function cardHere({ environment }: ProgramSettings): Promise<string | undefined> {
  const [first] = (await nvidiaFacts(environment)).gpus
  const named = first === undefined ? undefined : gpuNamed(first.name)
  return named?.type === 'known' ? named.gpu.name : undefined
}

/** Engines that reserve a place for each sequence are those that serve well from the memory of a host. */
function hasProcessorEngine({ choices }: ModelOffer, { engines }: InitWishes): boolean {
  const wanted = new Set(engines.map(({ id }) => id))
  return choices.some((choice) =>
    choice.engines.some((id) => wanted.has(id) && engineOf(id).memory.batching.type === 'slots'),
  )
}

function firstOf(rows: readonly FitRow[]): string | undefined {
  return rows.find(({ proposal }) => proposal !== null)?.gpu
}
