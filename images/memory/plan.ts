import { adviceFor } from './advice.ts'
import type { PlannedEngine } from './engine-plan.ts'
import { judge } from './judge.ts'
import type { MemoryRequest } from './request.ts'
import type { MemoryPlan, PlannedMemory } from './result.ts'
import { checkRequest } from './validation.ts'

/**
 * Whether a model fits, where every byte goes, and what to change. Pure; throws `bad-request` for options that make no
 * sense, and answers `cannot-tell` where the model or its weights are not known.
 */
export function planMemory(engine: PlannedEngine, request: MemoryRequest): MemoryPlan {
  checkRequest(request, engine.memory)
  const { facts } = request
  if (facts.missing.length > 0) return unknown(engine, request, { missing: facts.missing })
  const planned = engine.memory.plan(request)
  if (!planned.weights && request.availableKvBytes === undefined) {
    const what = 'the bytes of the weights: give tensor headers (a folder or repository) or --weights-bytes'
    return unknown(engine, request, { missing: [what] })
  }
  const plan = judge(engine, request, planned)
  if (facts.doubts.length > 0) return doubted(engine, request, plan)
  if (plan.fits && plan.certain) return plan
  const evaluate = (changed: MemoryRequest) => judge(engine, changed, engine.memory.plan(changed))
  return { ...plan, advice: adviceFor({ request, rules: engine.memory, evaluate }) }
}

interface UnknownParts {
  missing: readonly string[]
  assumptions?: readonly string[]
  /** Numbers that rest on the assumptions. */
  partial?: PlannedMemory
}

function unknown(engine: PlannedEngine, request: MemoryRequest, found: UnknownParts): MemoryPlan {
  const { missing, assumptions = [], partial } = found
  const { outcome: _o, fits: _f, verdict: _v, warnings = [], ...rest } = partial ?? {}
  return {
    outcome: 'cannot-tell',
    engine: engine.id,
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

function doubted(engine: PlannedEngine, request: MemoryRequest, partial: PlannedMemory): MemoryPlan {
  const { architecture, doubts } = request.facts
  return unknown(engine, request, {
    missing: [`how ${architecture} keeps its past`],
    assumptions: doubts,
    partial,
  })
}
