import type { Lock } from '../../recipes/lock.ts'
import type { SourceContext } from '../weights/source.ts'
import { readModelFacts } from './model-facts.ts'
import { lockWeights } from './weights.ts'

type ModelQuestion = Omit<Parameters<typeof lockWeights>[0], 'kept' | 'readFacts'> & {
  kept: Lock | undefined
}

/** The weights that a recipe is about, and what they say of the model. Throws as `lockWeights` and `readModelFacts`. */
export async function lockModel(
  { kept, ...asked }: ModelQuestion,
  context: SourceContext,
): Promise<Pick<Lock, 'weights' | 'model' | 'gguf'>> {
  const before = kept && { weights: kept.weights, facts: factsOf(kept) }
  const { weights, facts } = await lockWeights({ ...asked, kept: before, readFacts: readModelFacts }, context)
  return { weights, ...facts }
}

function factsOf({ model, gguf }: Lock): Pick<Lock, 'model' | 'gguf'> {
  return { ...(model && { model }), ...(gguf && { gguf }) }
}
