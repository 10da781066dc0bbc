import type { EngineId } from '../../recipes/recipe.ts'
import { flashinferNeeds, flashinferRules } from './flashinfer.ts'
import { nvidiaNeeds, nvidiaRules } from './nvidia.ts'
import { pythonRules } from './python.ts'
import type { CompilerNeed, WheelRule } from './rule.ts'
import { sglangRules } from './sglang.ts'
import { tilelangNeeds, tilelangRules } from './tilelang.ts'
import { torchNeeds, torchRules } from './torch.ts'
import { tritonNeeds, tritonRules } from './triton.ts'
import { videoRules } from './video.ts'
import { vllmNeeds, vllmRules } from './vllm.ts'

const shared: readonly WheelRule[] = [
  ...pythonRules,
  ...torchRules,
  ...tritonRules,
  ...nvidiaRules,
  ...videoRules,
]

/** Rules for the wheels of each engine; a rule whose distribution is not installed drops out in `rulesFor`. */
export const wheelRules: Readonly<Record<EngineId, readonly WheelRule[]>> = {
  vllm: [...shared, ...vllmRules, ...flashinferRules, ...tilelangRules],
  sglang: [...shared, ...sglangRules, ...flashinferRules, ...tilelangRules],
  tgi: [...shared, ...flashinferRules],
  'tensorrt-llm': [...shared, ...flashinferRules],
  ollama: [],
  'llama-cpp': [],
}

/** What run-time compilers open; recipes that rule them out may accept class `jit`. */
export const compilerNeeds: readonly CompilerNeed[] = [
  ...tritonNeeds,
  ...torchNeeds,
  ...nvidiaNeeds,
  ...flashinferNeeds,
  ...vllmNeeds,
  ...tilelangNeeds,
]
