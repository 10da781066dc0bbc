export type CheckStatus = 'passed' | 'failed' | 'skipped'

/** One thing that was tried: what was expected, what was seen, and how long it took. */
export interface CheckResult {
  id: string
  group: string
  title: string
  required: boolean
  status: CheckStatus
  expected: string
  observed: string
  /** When it began, counted from the request to boot. */
  beganMs: number
  durationMs: number
  /** First bytes of the answer, or the kernel's words. */
  evidence: string
}
