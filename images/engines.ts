import { type EngineId, engineIds } from '../recipes/recipe.ts'
import type { EngineDefinition } from './engine.ts'
import { llamaCpp } from './llama-cpp.ts'
import { ollama } from './ollama.ts'
import { sglang } from './sglang.ts'
import { tensorrtLlm } from './tensorrt-llm.ts'
import { tgi } from './tgi.ts'
import { vllm } from './vllm.ts'

const definitions: Readonly<Record<EngineId, EngineDefinition>> = {
  vllm,
  tgi,
  ollama,
  sglang,
  'tensorrt-llm': tensorrtLlm,
  'llama-cpp': llamaCpp,
}

export function engineOf(id: EngineId): EngineDefinition {
  return definitions[id]
}

export function definedEngines(): EngineId[] {
  return engineIds.filter((id) => id in definitions)
}
