import type { MemoryFlag } from '../memory-flags.ts'

/** It computes on the CPU: no flag changes what lies on a GPU. */
export const memoryFlags: readonly MemoryFlag[] = []
