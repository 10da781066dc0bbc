import type { Progress } from './progress.ts'

/** What a stage tells the person who waits, and what ends it. */
export interface Run {
  progress: Progress
  signal: AbortSignal
}
