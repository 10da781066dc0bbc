import type { CheckResult } from './check-result.ts'
import type { ContainerFacts } from './container-facts.ts'
import type { StopOccasion } from './probe.ts'
import type { RunnerFacts } from './runner-facts.ts'
import type { Identity } from './runtime-spec.ts'
import type { StartStep } from './start-line.ts'

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
export interface BootMeasurements {
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
export interface TimeSpan {
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
  measured: BootMeasurements
  spans: TimeSpan[]
  /** From an empty node to the first token; absent in older reports. */
  start?: StartStep[]
  facts: ContainerFacts | null
  checks: CheckResult[]
  answers: RecordedAnswer[]
  /** Last lines of the server's log, kept when something failed. */
  logTail: string
  /** What its log says that it goes without; absent where it says nothing of the kind. */
  missing?: string[]
  /** It was booted on a CPU with a driver that stands in for that of a GPU: no kernel of the image ran. */
  standIn?: true
  /** Programs on other machines that worked for it; absent where there were none. */
  workers?: WorkerReport[]
  /** How it ended, on each occasion that was tried; absent in older reports. */
  stops?: StopRun[]
}

/** A worker that held layers for the server. */
export interface WorkerReport {
  name: string
  /** Null where the kernel did not tell. */
  peakMemoryBytes: number | null
}

/** How a server ended that was told to; null exit code when it had to be killed. */
export interface StopRun {
  occasion: StopOccasion
  exitCode: number | null
  waitedMs: number
}
