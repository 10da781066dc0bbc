import type { Digest } from '../../lib/digest.ts'
import type { Json } from '../../lib/json.ts'
import type { EngineId } from '../../recipes/engine-ids.ts'
import type { Attribution } from '../attribution/attribution.ts'
import type { BootReport } from '../boot/boot-report.ts'
import type { CheckResult, CheckStatus } from '../boot/check-result.ts'
import type { GateResult } from '../gate/result.ts'
import type { PredictedMemory } from '../memory/predicted.ts'
import type { MissingLibrary } from '../tree/closure.ts'
import type { Removal } from '../tree/tree.ts'
import type { ScanReport } from './scan-result.ts'

export interface LayerReport {
  part: 'weights' | 'runtime'
  cause: string
  digest: Digest
  sizeBytes: number
}

/** Of a stand-in boot all passed that can be asked without a GPU, and the kernels of the image were not run. */
export type ImageVerdict = 'verified' | 'failed' | 'unverified' | 'stand-in boot' | 'not booted'

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
  verdict: ImageVerdict
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
export function verdictOf(boots: readonly BootReport[], ofImage: readonly CheckResult[] = []): ImageVerdict {
  const ofBoots = boots.flatMap((boot) => boot.checks)
  const checks = [...ofImage, ...ofBoots]
  if (checks.some((check) => check.required && check.status === 'failed')) return 'failed'
  if (ofBoots.length === 0) return 'not booted'
  if (checks.some((check) => check.required && check.status === 'skipped')) return 'unverified'
  return boots.some(({ standIn }) => standIn) ? 'stand-in boot' : 'verified'
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
