import { type EngineId, engineIds } from '../../recipes/engine-ids.ts'
import type { EngineDefinition } from './engine.ts'
import { llamaCpp } from './llama-cpp/definition.ts'
import { ollama } from './ollama/definition.ts'
import { sglang } from './sglang/definition.ts'
import { tensorrtLlm } from './tensorrt-llm/definition.ts'
import { tgi } from './tgi/definition.ts'
import { vllm } from './vllm/definition.ts'
import { whisperCpp } from './whisper-cpp/definition.ts'

const definitions: Readonly<Record<EngineId, EngineDefinition>> = {
  vllm,
  tgi,
  ollama,
  sglang,
  'tensorrt-llm': tensorrtLlm,
  'llama-cpp': llamaCpp,
  'whisper-cpp': whisperCpp,
}

export const engines: readonly EngineDefinition[] = engineIds.map(engineOf)

export function engineOf(id: EngineId): EngineDefinition {
  return definitions[id]
}

/** The engine by its id or another name, in upper or lower case; undefined where there is none. */
export function findEngine(name: string): EngineDefinition | undefined {
  const wanted = name.toLowerCase()
  return engines.find(({ id, nicknames }) => id === wanted || nicknames.includes(wanted))
}
