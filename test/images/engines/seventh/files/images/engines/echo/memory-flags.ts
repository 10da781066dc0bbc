import type { MemoryFlag } from '../memory-flags.ts'

/** It computes nothing, so no flag changes memory. */
export const memoryFlags: readonly MemoryFlag[] = []
