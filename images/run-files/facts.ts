import { formatBytes } from '../../lib/bytes.ts'
import { engineOf } from '../engines/engines.ts'
import { memoryWords } from '../plan/memory.ts'
import type { ImagePlan } from '../plan/plan.ts'
import type { Report } from '../report/report.ts'
import { runName } from './name.ts'

/** How the weights reach the server. `folder` is where they must be inside the container. */
export type WeightsMount =
  | { type: 'none' }
  | { type: 'folder'; folder: string; sizeBytes: number }
  | { type: 'volume'; folder: string; sizeBytes: number }
  /** An image whose files lie under the same path as in the server. */
  | { type: 'image'; folder: string; reference: string }

/** What every form of run file is made from: plain numbers of plan and report. */
export interface RunFacts {
  name: string
  /** Reference by digest, as it is pulled. */
  image: string
  model: string
  port: number
  /** Answers GET with 200 once the server is up. */
  healthPath: string
  gpus: number
  sharedMemoryBytes: number
  weights: WeightsMount
  /** Undefined where no boot measured it: then no limit is set. */
  memoryLimitBytes?: number
  /** Seconds from start to the first token, measured; undefined without a boot. */
  readySeconds?: number
  /** Seconds after which a start counts as failed. */
  startSeconds: number
  stopSeconds: number
  /** One sentence a figure, for the head of each file. */
  origins: string[]
}

// What a restart under load takes more than the boot that was measured on a quiet machine.
const startFactor = 4
const leastStartSeconds = 60
const memoryFactor = 1.25
const memoryStepBytes = 64 * 1024 ** 2

/** Figures of a built image. `weightsImage` is the reference of the image of its weights, where they are delivered so. */
export function runFactsOf(plan: ImagePlan, report: Report, image: string, weightsImage?: string): RunFacts {
  const readyMs = largest(report.boots.map((boot) => boot.readyAfterMs))
  const peakBytes = largest(report.boots.map((boot) => boot.peakMemoryBytes))
  const startSeconds =
    readyMs === undefined
      ? plan.verify.startTimeoutSeconds
      : Math.max(leastStartSeconds, Math.ceil((readyMs * startFactor) / 1000))
  const limit = peakBytes === undefined ? undefined : limitOf(peakBytes, plan.sharedMemoryBytes)
  return {
    name: runName(plan.name),
    image,
    model: plan.model,
    port: plan.port,
    healthPath: engineOf(plan.engine.id).healthPath,
    gpus: plan.requires?.gpus ?? 0,
    sharedMemoryBytes: plan.sharedMemoryBytes,
    weights: mountOf(plan, weightsImage),
    ...(limit !== undefined && { memoryLimitBytes: limit }),
    ...(readyMs !== undefined && { readySeconds: Math.ceil(readyMs / 1000) }),
    startSeconds,
    stopSeconds: plan.verify.behaviour.stop.timeoutSeconds,
    origins: [...originsOf(peakBytes, limit, readyMs, startSeconds), ...memoryWords(plan.memory)],
  }
}

/** /dev/shm is charged to the container, and so is a share for load that the boot did not have. */
function limitOf(peakBytes: number, sharedMemoryBytes: number): number {
  return Math.ceil((peakBytes * memoryFactor + sharedMemoryBytes) / memoryStepBytes) * memoryStepBytes
}

function mountOf({ weights }: ImagePlan, weightsImage: string | undefined): WeightsMount {
  const { delivery, modelFolder: folder, sizeBytes } = weights
  if (delivery === 'baked') return { type: 'none' }
  if (delivery === 'artifact' && weightsImage !== undefined)
    return { type: 'image', folder, reference: weightsImage }
  return { type: delivery === 'hf-cache' ? 'volume' : 'folder', folder, sizeBytes }
}

function originsOf(
  peakBytes: number | undefined,
  limitBytes: number | undefined,
  readyMs: number | undefined,
  startSeconds: number,
): string[] {
  return [
    peakBytes === undefined || limitBytes === undefined
      ? 'Memory: no boot measured it, so there is no limit here.'
      : `Memory: ${formatBytes(peakBytes)} at its peak in the boot; limit ${limitBytes / 1024 ** 2} MiB = ${memoryFactor} times that and /dev/shm.`,
    readyMs === undefined
      ? `Start: no boot measured it; ${startSeconds} s from the recipe.`
      : `Start: ready after ${(readyMs / 1000).toFixed(1)} s in the boot; ${startSeconds} s are allowed.`,
  ]
}

function largest(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? undefined : Math.max(...known)
}
