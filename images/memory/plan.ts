import { adviceFor } from './advice.ts'
import type { EnginePlan, PlannedEngine } from './engine-plan.ts'
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
  if (facts.missing.length > 0) return unknown(engine, request, facts.missing)
  const planned = engine.memory.plan(request)
  if (!planned.weights && request.availableKvBytes === undefined) {
    const what = 'the bytes of the weights: give tensor headers (a folder or repository) or --weights-bytes'
    return unknown(engine, request, [what])
  }
  const doubts = [...facts.doubts, ...(planned.doubts ?? []), ...doubtsOf(request, planned)]
  const plan = doubted(doubts, judge(engine, request, planned))
  if (plan.fits && plan.certain) return plan
  const evaluate = (changed: MemoryRequest) => judge(engine, changed, engine.memory.plan(changed))
  return { ...plan, advice: adviceFor({ request, rules: engine.memory, evaluate }) }
}

/** Bytes that could not be counted: of a quantised checkpoint without headers, and of a drafter that nobody names. */
function doubtsOf(
  { availableKvBytes, facts, speculativeTokens, drafter }: MemoryRequest,
  { weights }: EnginePlan,
): string[] {
  const drafts = (speculativeTokens ?? 0) > 0 && drafter === undefined && facts.draftLayers === 0
  return [
    ...(weights?.doubt && availableKvBytes === undefined ? [weights.doubt] : []),
    ...(drafts ? ['what drafts is not named: --drafter counts its weights and its cache'] : []),
  ]
}

/** What was assumed of the model makes no answer certain. */
function doubted(doubts: readonly string[], plan: PlannedMemory): PlannedMemory {
  if (doubts.length === 0) return plan
  const verdict = plan.certain ? `${plan.verdict}; not certain: ${doubts.join('; ')}` : plan.verdict
  return { ...plan, certain: false, verdict, warnings: [...plan.warnings, ...doubts] }
}

function unknown(engine: PlannedEngine, request: MemoryRequest, missing: readonly string[]): MemoryPlan {
  return {
    outcome: 'cannot-tell',
    engine: engine.id,
    engineVersion: request.engineVersion ?? 'newest rules',
    gpu: request.gpu.name,
    fits: null,
    missing: [...missing],
    assumptions: [],
    verdict: `cannot tell: ${missing.join('; ')}`,
    warnings: [],
    partial: null,
  }
}
