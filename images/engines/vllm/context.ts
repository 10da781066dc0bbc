import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast } from '../../memory/versions.ts'

/** What vLLM takes where a configuration names no length. */
const unnamedLength = 2048

/** Ways to stretch positions whose factor is in the length that the configuration names. */
const alreadyStretched = ['longrope', 'llama3', 'deepseek_yarn', 'deepseek_llama_scaling']

/**
 * Context length of vLLM where the caller names none (`config/model.py`). Linear and dynamic scaling multiply the length that the
 * configuration names. YaRN multiplied the original length until 0.30, and has been taken as it is written since. Models with
 * LongRoPE start with their original length since 0.11.1.
 */
export function vllmContext({ maxModelLen, facts }: MemoryRequest, version: string): number {
  if (maxModelLen !== undefined) return maxModelLen
  const named = facts.maxPositions ?? unnamedLength
  const { rope } = facts
  if (!rope || facts.modelType.includes('gemma3')) return named
  if (rope.type === 'longrope' && atLeast(version, '0.11.1')) return rope.originalPositions ?? named
  if (alreadyStretched.includes(rope.type)) return named
  const factor = rope.factor ?? 1
  if (rope.type !== 'yarn') return Math.floor(named * factor)
  return atLeast(version, '0.30.0') ? named : Math.floor((rope.originalPositions ?? named) * factor)
}
