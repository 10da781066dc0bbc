import { adviceFor } from './advice.ts'
import type { EnginePlan } from './engine-plan.ts'
import { judge } from './judge.ts'
import { planLlamaCpp } from './llama-cpp.ts'
import type { MemoryRequest } from './request.ts'
import type { MemoryPlan, PlannedMemory } from './result.ts'
import { planSglang } from './sglang.ts'
import { planTensorrtLlm } from './tensorrt-llm.ts'
import { planTgi } from './tgi.ts'
import { checkRequest } from './validation.ts'
import { planVllm } from './vllm.ts'

/**
 * Whether a model fits, where every byte goes, and what to change. Pure; throws `bad-request` for options that make no
 * sense, and answers `cannot-tell` where the model or its weights are not known.
 */
export function planMemory(request: MemoryRequest): MemoryPlan {
  checkRequest(request)
  const { facts } = request
  if (facts.missing.length > 0) return unknown(request, facts.missing, [], null)
  const engine = planEngine(request)
  if (!engine.weights && request.availableKvBytes === undefined) {
    const what = 'the bytes of the weights: give tensor headers (a folder or repository) or --weights-bytes'
    return unknown(request, [what], [], null)
  }
  const plan = judge(request, engine)
  if (facts.doubts.length > 0) return doubted(request, plan)
  return { ...plan, advice: plan.fits && plan.certain ? [] : adviceFor(request, evaluate) }
}

/** The numbers without advice, for trying changes. */
function evaluate(request: MemoryRequest): PlannedMemory {
  return judge(request, planEngine(request))
}

function planEngine(request: MemoryRequest): EnginePlan {
  switch (request.engine) {
    case 'vllm':
      return planVllm(request)
    case 'sglang':
      return planSglang(request)
    case 'tgi':
      return planTgi(request)
    case 'tensorrt-llm':
      return planTensorrtLlm(request)
    case 'llama-cpp':
    case 'ollama':
      return planLlamaCpp(request)
  }
}

function unknown(
  request: MemoryRequest,
  missing: readonly string[],
  assumptions: readonly string[],
  partial: PlannedMemory | null,
): MemoryPlan {
  const { outcome: _o, fits: _f, verdict: _v, warnings = [], ...rest } = partial ?? {}
  return {
    outcome: 'cannot-tell',
    engine: request.engine,
    engineVersion: request.engineVersion ?? 'newest rules',
    gpu: request.gpu.name,
    fits: null,
    missing: [...missing],
    assumptions: [...assumptions],
    verdict: `cannot tell: ${missing.join('; ')}`,
    warnings,
    // An absent plan leaves `rest` empty, which the check on `partial` rules out.
    partial: partial ? (rest as Omit<PlannedMemory, 'outcome' | 'fits' | 'verdict' | 'warnings'>) : null,
  }
}

function doubted(request: MemoryRequest, plan: PlannedMemory): MemoryPlan {
  const what = `how ${request.facts.architecture} keeps its past`
  return unknown(request, [what], request.facts.doubts, plan)
}
