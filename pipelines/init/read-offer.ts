import { engineOf, engines } from '../../images/engines/engines.ts'
import {
  asOtherSize,
  type ModelOffer,
  type WeightsChoice,
  type WeightsSet,
  weightsSets,
} from '../../images/init/offer.ts'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { setDigestOf, sortFiles } from '../../recipes/weights.ts'
import { readModelFacts } from '../lock/model-facts.ts'
import type { SourceContext } from '../weights/source.ts'
import type { SourceListing } from './listing.ts'

/** An offer that can read more of itself: of many GGUF files only one header is read at first. */
export interface ReadOffer {
  offer: ModelOffer
  /** The offer with the header of this choice read, or the same where it was read before. */
  withHeader(choice: WeightsChoice): Promise<ReadOffer>
}

/** Reads what headers say: of each folder form, and of the smallest GGUF, which stands for the others until one is chosen. */
export async function readOffer(
  asked: string,
  listing: SourceListing,
  context: SourceContext,
): Promise<ReadOffer> {
  const sets = weightsSets(listing.files, engines, listing.only)
  const [smallest] = sets.filter(({ gguf }) => gguf !== undefined).sort((a, b) => a.sizeBytes - b.sizeBytes)
  const read = new Map<WeightsSet, WeightsChoice>()
  for (const set of sets)
    if (set.gguf === undefined || set === smallest) read.set(set, await readSet(set, listing, context))
  const sample = smallest && read.get(smallest)
  const choices = sets.map((set) => read.get(set) ?? (sample ? asOtherSize(sample, set) : unread(set)))
  const known = new Set(read.values())
  return offerOf({ ...offerFrom(asked, listing), choices }, known, (set) => readSet(set, listing, context))
}

function offerFrom(
  asked: string,
  { pinned: _pinned, files: _files, only: _only, ...listing }: SourceListing,
) {
  return { asked, ...listing }
}

function unread(set: WeightsSet): WeightsChoice {
  return { ...set, facts: null, header: null }
}

function offerOf(
  offer: ModelOffer,
  known: ReadonlySet<WeightsChoice>,
  read: (set: WeightsSet) => Promise<WeightsChoice>,
): ReadOffer {
  return {
    offer,
    async withHeader(choice) {
      if (known.has(choice)) return offerOf(offer, known, read)
      const { engines: by, files, sizeBytes, gguf } = choice
      const whole = await read({ engines: by, files, sizeBytes, ...(gguf !== undefined && { gguf }) })
      const choices = offer.choices.map((one) => (one === choice ? whole : one))
      return offerOf({ ...offer, choices }, new Set([...known, whole]), read)
    },
  }
}

async function readSet(
  set: WeightsSet,
  { pinned, files: listed }: SourceListing,
  context: SourceContext,
): Promise<WeightsChoice> {
  const from = new Map(listed.map((file) => [file.path, file.from]))
  const files = sortFiles(set.files).map(({ path, sizeBytes }) => {
    const place = from.get(path)
    // Nothing is compared with a hash here: the lock finds out the true ones.
    return { path, sizeBytes, sha256: hexOf(digestOf(path)), ...(place !== undefined && { from: place }) }
  })
  const [engine] = set.engines
  const formats = engine === undefined ? [] : engineOf(engine).formats
  const weights = { source: pinned, files, setDigest: setDigestOf(files) }
  const { model, gguf, folder } = await readModelFacts(weights, { ...context, formats })
  return { ...set, facts: model ?? null, header: gguf ?? null, ...(folder !== undefined && { folder }) }
}
