import type { MemoryRequest } from './request.ts'

/** Whether the checkpoint's own head drafts: a drafter of its own takes its place. */
export function usesDraftHead({ speculativeTokens = 0, drafter }: MemoryRequest): boolean {
  return speculativeTokens > 0 && drafter === undefined
}
