import { contextOf } from '../../memory/engine-plan.ts'
import { atLeast } from '../../memory/versions.ts'
import { ggmlMemory } from '../ggml-memory.ts'

/** First build that switches flash attention on by itself; general knowledge, not read from a log. */
const flashSince = '6325.0.0'

/** llama.cpp takes the context that the model was trained for, and `-c` is shared by all sequences. */
export const memory = ggmlMemory({
  // Builds are counted in thousands; releases such as 0.7.0 are newer, and so is a version that is not told.
  usesFlash: (version) => !atLeast(version, '1000.0.0') || atLeast(version, flashSince),
  contextOf: 'all',
  contextLength: contextOf,
  setAsideBytes: 0,
})
