import type { MemoryRequest } from '../../memory/request.ts'

/** What SGLang takes where a configuration names no length. */
const unnamedLength = 2048

/**
 * Context length of SGLang where the caller names none (`get_context_length`): the length of the configuration times the factor
 * of its scaling, but for Llama 3's and LongRoPE, and where the length before scaling is named.
 */
export function sglangContext({ maxModelLen, facts }: MemoryRequest): number {
  if (maxModelLen !== undefined) return maxModelLen
  const named = facts.maxPositions ?? unnamedLength
  const { rope } = facts
  if (!rope || /^(llama3|longrope)$/.test(rope.type) || rope.originalPositions !== null) return named
  // Gemma 3 has a section for each kind of layer, where nobody looks for a factor.
  return facts.modelType.includes('gemma3') ? named : Math.floor(named * (rope.factor ?? 1))
}
