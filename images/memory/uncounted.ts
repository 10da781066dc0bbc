import type { MemoryPlan, PlannedMemory } from './result.ts'

/** A setting of the server's command line that changes memory by bytes that the planner does not know. */
export interface UncountedFlag {
  flag: string
  /** Which way it goes on the GPU. */
  effect: 'less' | 'more' | 'either'
  /** What it changes, as words. */
  what: string
}

/**
 * The plan with what it leaves out. A setting that frees memory puts no fit in doubt, and one that takes memory no misfit;
 * where the answer could turn round it is "cannot tell", with the numbers as they would be without the setting.
 */
export function withUncounted(plan: MemoryPlan, flags: readonly UncountedFlag[]): MemoryPlan {
  if (flags.length === 0) return plan
  const warnings = [...plan.warnings, `not counted: ${wordsOf(flags)}`]
  if (plan.outcome === 'cannot-tell') return { ...plan, warnings }
  const turning = flags.filter(
    ({ effect }) => effect === 'either' || effect === (plan.fits ? 'more' : 'less'),
  )
  if (turning.length === 0) return { ...plan, warnings }
  if (!plan.fits) return cannotTell({ ...plan, warnings }, turning)
  return {
    ...plan,
    warnings,
    certain: false,
    uncounted: turning.map(({ flag }) => flag),
    verdict: `${plan.verdict}; not counted: ${wordsOf(turning)}`,
  }
}

function cannotTell(plan: PlannedMemory, flags: readonly UncountedFlag[]): MemoryPlan {
  const { outcome: _outcome, fits: _fits, verdict, warnings, ...partial } = plan
  return {
    outcome: 'cannot-tell',
    engine: plan.engine,
    engineVersion: plan.engineVersion,
    gpu: plan.gpu,
    fits: null,
    missing: flags.map(({ flag, what }) => `how many bytes ${flag} changes (${what})`),
    assumptions: [`without ${flags.map(({ flag }) => flag).join(', ')} it ${verdict}`],
    verdict: `cannot tell: ${wordsOf(flags)} changes memory by bytes that are not known here; without it: ${verdict}`,
    warnings,
    partial,
  }
}

function wordsOf(flags: readonly UncountedFlag[]): string {
  return flags.map(({ flag, what }) => `${flag} (${what})`).join(', ')
}
