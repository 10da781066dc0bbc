import type { Digest } from '../lib/digest.ts'
import type { Json } from '../lib/json.ts'
import type { EngineId } from '../recipes/recipe.ts'
import type { MissingLibrary } from './closure.ts'
import type { ContainerFacts } from './container-facts.ts'
import type { Identity } from './runtime-spec.ts'
import type { Removal } from './tree.ts'

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
  durationMs: number
  /** First bytes of the answer, or the kernel's words. */
  evidence: string
}

/** A prompt answered greedily. */
export interface RecordedAnswer {
  prompt: string
  answer: string
  tokens: number
  durationMs: number
}

/** One boot of the image under one profile and identity. */
export interface BootReport {
  profile: 'hostile' | 'plain'
  runner: string
  identity: Identity
  readyAfterMs: number | null
  peakMemoryBytes: number | null
  facts: ContainerFacts | null
  checks: CheckResult[]
  answers: RecordedAnswer[]
  /** Last lines of the server's log, kept when something failed. */
  logTail: string
}

export interface LayerReport {
  part: 'weights' | 'runtime'
  cause: string
  digest: Digest
  sizeBytes: number
}

export type Verdict = 'verified' | 'failed' | 'unverified' | 'not booted'

/** Everything known about one image, stored beside it under its digest and plan digest. */
export interface Report {
  reportVersion: 1
  name: string
  image: Digest
  plan: Digest
  engine: { id: EngineId; version: string }
  model: string
  verdict: Verdict
  sizes: {
    storedBytes: number
    runtimeBytes: number
    weightsBytes: number
    stockTreeBytes: number
    keptTreeBytes: number
  }
  layers: LayerReport[]
  removals: Removal[]
  missingLibraries: MissingLibrary[]
  boots: BootReport[]
  times: { createdAt: string; runtimeMs: number; weightsMs: number; verifyMs: number; totalMs: number }
}

/** Verified needs a boot, no failure, and no required check skipped. */
export function verdictOf(boots: readonly BootReport[]): Verdict {
  const checks = boots.flatMap((boot) => boot.checks)
  if (boots.length === 0 || checks.length === 0) return 'not booted'
  if (checks.some((check) => check.status === 'failed')) return 'failed'
  return checks.some((check) => check.required && check.status === 'skipped') ? 'unverified' : 'verified'
}

export function countChecks(boots: readonly BootReport[]): Record<CheckStatus, number> {
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const check of boots.flatMap((boot) => boot.checks)) count[check.status] += 1
  return count
}

/** A report as the JSON that the store keeps. */
export function reportJson(report: Report): Json {
  // A report holds JSON values only; interfaces without an index signature need the cast.
  return report as unknown as Json
}
