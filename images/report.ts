import type { Digest } from '../lib/digest.ts'
import type { Json } from '../lib/json.ts'
import type { EngineId } from '../recipes/recipe.ts'
import type { Attribution } from './attribution/attribution.ts'
import type { MissingLibrary } from './closure.ts'
import type { ContainerFacts } from './container-facts.ts'
import type { GateResult } from './gate/result.ts'
import type { StopOccasion } from './probe.ts'
import type { RunnerFacts } from './runner-facts.ts'
import type { Identity } from './runtime-spec.ts'
import type { ScanReport } from './scan.ts'
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
  /** When it began, counted from the request to boot. */
  beganMs: number
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

/** A greedy answer that was streamed and timed. */
export interface SpeedRun {
  prompt: string
  tokens: number
  /** `usage` is the server's own count; `pieces` counts the texts of the stream where it gives none. */
  tokensFrom: 'usage' | 'pieces'
  firstTokenMs: number
  tokensPerSecond: number
}

/** Figures of one boot; null where nothing could be measured. */
export interface Measured {
  /** From the request to boot until the container ran: pulling, unpacking, namespaces. */
  containerMs: number
  /** From then until the named model generated a token. */
  readyMs: number | null
  /** Medians of the runs: from the request to the first text, and after it. */
  firstTokenMs: number | null
  tokensPerSecond: number | null
  runs: SpeedRun[]
  hostMemory: HostMemory
  /** Growth of the used memory over all GPUs, by nvidia-smi. */
  gpuMemoryBytes: number | null
}

/** The two ways a kernel tells; page cache that others read first is only in the second. */
export interface HostMemory {
  /** Peak that was charged to the control group of the container. */
  cgroupPeakBytes: number | null
  /** Largest resident sizes of its processes, added up. */
  residentPeakBytes: number | null
}

/** A span of the boot, counted from the request to boot. */
export interface Span {
  what: string
  beganMs: number
  endedMs: number
}

/** One boot of the image under one profile and identity. */
export interface BootReport {
  profile: 'hostile' | 'plain'
  runner: string
  identity: Identity
  /** Null where the runner could not tell. */
  machine: RunnerFacts | null
  readyAfterMs: number | null
  /** `cgroup` where that could be read, else `resident`. */
  peakMemoryBytes: number | null
  peakMemoryFrom: 'cgroup' | 'resident' | null
  measured: Measured
  spans: Span[]
  facts: ContainerFacts | null
  checks: CheckResult[]
  answers: RecordedAnswer[]
  /** Last lines of the server's log, kept when something failed. */
  logTail: string
  /** How it ended, on each occasion that was tried; absent in older reports. */
  stops?: StopRun[]
}

/** How a server ended that was told to; null exit code when it had to be killed. */
export interface StopRun {
  occasion: StopOccasion
  exitCode: number | null
  waitedMs: number
}

export interface LayerReport {
  part: 'weights' | 'runtime'
  cause: string
  digest: Digest
  sizeBytes: number
}

export type Verdict = 'verified' | 'failed' | 'unverified' | 'not booted'

/** Memory as planned before the build, by part. */
export interface PredictedMemory {
  /** `gpu` is the fullest of the GPUs. */
  of: 'gpu' | 'host'
  /** What the server lets itself use, or what there is; null where nothing limits it. */
  limitBytes: number | null
  parts: { cause: string; sizeBytes: number }[]
  /** What the hardware allows one short sequence at the most; absent where nothing is known of it, as of a CPU. */
  bound?: { tokensPerSecond: number; firstTokenMs: number; promptTokens: number }
}

/** Raised when the shape changes: reports of another version are not read. */
export const reportVersion = 3

/** Everything known about one image, stored beside it under its digest and plan digest. */
export interface Report {
  reportVersion: typeof reportVersion
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
  /** Image of the weights that the server was booted with, where its own does not hold them. */
  weightsImage?: Digest
  removals: Removal[]
  missingLibraries: MissingLibrary[]
  /** By Debian package, read before slimming took the copyright files; absent in older reports. */
  licences?: Record<string, string[]>
  /** Where every byte comes from, by the layers that ship. */
  attribution: Attribution
  /** Checks of the image itself, which need no boot. */
  checks: CheckResult[]
  /** Absent where nothing was planned. */
  memory?: PredictedMemory
  /** Secrets, setuid files and the like; absent in reports of images that were only booted. */
  scan?: ScanReport
  boots: BootReport[]
  /** Comparison with the stock build of the same lock; absent where nobody asked for it. */
  gate?: GateResult
  times: { createdAt: string; runtimeMs: number; weightsMs: number; verifyMs: number; totalMs: number }
}

/** Verified needs a boot, no failure, and no required check skipped; what the image itself fails needs no boot. */
export function verdictOf(boots: readonly BootReport[], ofImage: readonly CheckResult[] = []): Verdict {
  const ofBoots = boots.flatMap((boot) => boot.checks)
  const checks = [...ofImage, ...ofBoots]
  if (checks.some((check) => check.required && check.status === 'failed')) return 'failed'
  if (ofBoots.length === 0) return 'not booted'
  return checks.some((check) => check.required && check.status === 'skipped') ? 'unverified' : 'verified'
}

export function countChecks({
  checks,
  boots,
}: Pick<Report, 'checks' | 'boots'>): Record<CheckStatus, number> {
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const check of [...checks, ...boots.flatMap((boot) => boot.checks)]) count[check.status] += 1
  return count
}

/** A report as the JSON that the store keeps. */
export function reportJson(report: Report): Json {
  // A report holds JSON values only; interfaces without an index signature need the cast.
  return report as unknown as Json
}
