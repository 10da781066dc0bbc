import { contextOf } from '../../memory/engine-plan.ts'
import { atLeast } from '../../memory/versions.ts'
import { ggmlMemory } from '../ggml-memory.ts'

/** First build that switches flash attention on by itself; general knowledge, not read from a log. */
const flashSince = '6325.0.0'

/** First builds found that reserve logits for answers alone (9453 does not), and that mix embeddings (11393 does not). */
const fewLogitsSince = '9464.0.0'
const mixedSince = '11401.0.0'

/** Values are written by index since about August 2025; the build is near. */
const placesSince = '6100.0.0'

/** Caches are rounded to 256 cells whatever reads them since ggml-org/llama.cpp#17046 of November 2025; the build is near. */
const padsSince = '6990.0.0'

/** llama.cpp takes the context that the model was trained for, and `-c` is shared by all sequences. */
export const memory = ggmlMemory({
  usesFlash: (_facts, version) => isBuild(version, flashSince),
  graphOf: ({ modelType }, version) => ({
    // The graph of CogVLM picks no rows out of its last layer, and chooses other matrices for images in place of mixing.
    keepsAllLogits: !isBuild(version, fewLogitsSince) || modelType === 'cogvlm',
    placesValues: isBuild(version, placesSince),
    mixesEmbeddings: isBuild(version, mixedSince) && modelType !== 'cogvlm',
    isPlain: false,
  }),
  padsAlways: (version) => isBuild(version, padsSince),
  contextOf: 'all',
  contextLength: contextOf,
  setAsideBytes: 0,
})

/** Builds are counted in thousands; releases such as 0.7.0 are newer, and so is a version that is not told. */
function isBuild(version: string, since: string): boolean {
  return !atLeast(version, '1000.0.0') || atLeast(version, since)
}
