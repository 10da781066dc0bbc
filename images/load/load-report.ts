import type { Digest } from '../../lib/digest.ts'
import type { Json } from '../../lib/json.ts'
import type { EngineId } from '../../recipes/engine-ids.ts'
import type { RecipeLoad } from '../../recipes/load.ts'
import type { RunnerFacts } from '../boot/runner-facts.ts'
import type { LimitJudgement } from '../quality/limit-result.ts'
import type { QualityReport } from '../quality/quality-report.ts'
import type { MachineNoise } from './noise.ts'
import type { TokenRate } from './questions.ts'
import type { PromptsFile } from './real-prompts.ts'
import type { LoadComparison } from './regression.ts'
import type { LoadStep } from './step.ts'

/** Raised when the shape changes. */
export const loadReportVersion = 1

/** What an image did on one machine: under load, and how good its answers were. */
export interface LoadReport {
  loadReportVersion: typeof loadReportVersion
  name: string
  image: Digest
  plan: Digest
  engine: { id: EngineId; version: string }
  model: string
  machine: RunnerFacts
  /** Name of the processor; null where nobody could tell. */
  processor: string | null
  gpus: number
  createdAt: string
  load: RecipeLoad
  /** Empty steps: the recipe asks for the quality of answers alone. */
  tokenRate: TokenRate
  /** Where the prompts come from; absent for drawn words. */
  prompts?: PromptsFile
  steps: LoadStep[]
  noise: MachineNoise
  judgement: LimitJudgement
  /** Of the answers; absent where the recipe asks for nothing of them. */
  quality?: QualityReport
  /** Beside an earlier report that was accepted; absent where none was given. */
  comparison?: LoadComparison
}

export function loadReportJson(report: LoadReport): Json {
  // A report holds JSON values only; interfaces without an index signature need the cast.
  return report as unknown as Json
}
