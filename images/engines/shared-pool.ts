import type { MemoryRules } from '../memory/engine-plan.ts'

/** Engines whose ranks share the heads of a model, and whose sequences share one cache as they come. */
export const sharedPool = {
  splits: 'heads',
  batching: { type: 'pool' },
  eightBitCache: 'fp8',
  remedies: [],
} as const satisfies Omit<MemoryRules, 'plan'>
