import { formatBytes } from '../../lib/bytes.ts'
import { optional } from '../../lib/optional.ts'
import type { VulkanDriver } from '../../recipes/recipe.ts'
import type { EngineDefinition } from '../engines/engine.ts'
import { engineOf } from '../engines/engines.ts'
import { memoryWords } from '../plan/memory.ts'
import type { ImagePlan } from '../plan/plan.ts'
import type { Report } from '../report/report.ts'
import { firstQuestion } from './first-question.ts'
import { runName } from './name.ts'
import type { SecretVariable } from './placement.ts'
import { type RunWorkers, runMachinesOf } from './run-machines.ts'
import { startAllowance } from './start.ts'

/** How the weights reach the server. `folder` is where they must be inside the container. */
export type WeightsMount =
  | { type: 'none' }
  | { type: 'folder'; folder: string; sizeBytes: number }
  | { type: 'volume'; folder: string; sizeBytes: number }
  /** An image whose files lie under the same path as in the server. */
  | { type: 'image'; folder: string; reference: string }

/** Of an image's configuration: its command line, its variables and the folder of its model. */
export interface ImageOwn {
  command: readonly string[]
  environment: Readonly<Record<string, string>>
  modelFolder: string
}

/** What every form of run file is made from: plain numbers of plan and report. */
export interface RunFacts {
  name: string
  /** Reference by digest, as it is pulled. */
  image: string
  /** As Kubernetes labels nodes; absent for amd64, which clusters are made of where nothing is said. */
  architecture?: string
  model: string
  /** Version of the engine. */
  version: string
  port: number
  /** What to ask it first, as text for a shell. */
  question: string
  /** Where the key comes from that its clients must have; undefined where it wants none. */
  apiKey?: SecretVariable
  /** Answers GET with 200 once the server is up. */
  healthPath: string
  /** What keeps that page from generating, in the environment, and the sentence that says so. */
  healthVariables: Readonly<Record<string, string>>
  healthSource?: string
  /** What the image itself says, for places that put their own in its stead. */
  own: ImageOwn
  /** Names of variables that the image sets, or that would change what its command says. */
  variables: readonly string[]
  gpus: number
  /** How it is started on several machines; absent for one. */
  machines?: RunWorkers
  /** Drivers of an image for Vulkan, whose cards are nodes of /dev/dri; absent for CUDA. */
  vulkan?: readonly VulkanDriver[]
  /** Whether the cards are reached by ROCm: nodes of /dev/dri, and /dev/kfd. */
  rocm?: boolean
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

const memoryFactor = 1.25
const memoryStepBytes = 64 * 1024 ** 2

/** Figures of a built image. `weightsImage` is the reference of the image of its weights, where they are delivered so. */
export function runFactsOf(plan: ImagePlan, report: Report, image: string, weightsImage?: string): RunFacts {
  // What an emulator took of time and memory says nothing of the machine that will run the image.
  const boots = report.boots.filter(({ machine }) => machine?.emulates === undefined)
  const readyMs = largest(boots.map((boot) => boot.readyAfterMs))
  const peakBytes = largest(boots.map((boot) => boot.peakMemoryBytes))
  const engine = engineOf(plan.engine.id)
  const start = startAllowance({
    readyMs,
    weightsBytes: plan.weights.sizeBytes,
    recipeSeconds: plan.verify.startTimeoutSeconds,
    engineSeconds: engine.ownStart?.seconds ?? 0,
  })
  const limit = peakBytes === undefined ? undefined : limitOf(peakBytes, plan.sharedMemoryBytes)
  return {
    name: runName(plan.name),
    image,
    ...architectureOf(plan),
    model: plan.model,
    version: plan.engine.version,
    port: plan.port,
    question: firstQuestion(`http://127.0.0.1:${plan.port}`, plan),
    ...optional('apiKey', keyOf(plan)),
    healthPath: engine.healthPath,
    ...healthOf(plan, engine),
    own: ownOf(plan),
    variables: [...variablesOf(plan), ...Object.keys(engine.reserved.variables)].filter(
      (name) => name !== plan.verify.apiKey?.variable,
    ),
    ...placesOf(plan, boots),
    sharedMemoryBytes: plan.sharedMemoryBytes,
    weights: mountOf(plan, weightsImage),
    ...(limit !== undefined && { memoryLimitBytes: limit }),
    ...(readyMs !== undefined && { readySeconds: Math.ceil(readyMs / 1000) }),
    startSeconds: start.seconds,
    stopSeconds: plan.verify.behaviour.stop.timeoutSeconds,
    origins: originsOf(plan, memoryOrigin(peakBytes, limit), start.origin),
  }
}

function originsOf(plan: ImagePlan, memory: string, start: string): string[] {
  return [memory, ...workerOrigins(plan), start, ...memoryWords(plan.memory)]
}

function placesOf(
  { requires, machines, sharedMemoryBytes }: ImagePlan,
  boots: Report['boots'],
): Pick<RunFacts, 'gpus' | 'machines' | 'vulkan' | 'rocm'> {
  return {
    gpus: requires?.gpus ?? 0,
    ...optional('machines', runMachinesOf({ machines }, workerLimitOf(boots, sharedMemoryBytes))),
    ...optional('vulkan', requires?.drivers),
    ...(requires?.api === 'rocm' && { rocm: true }),
  }
}

function architectureOf({ platform }: ImagePlan): Pick<RunFacts, 'architecture'> {
  const architecture = platform.replace(/^linux\//, '')
  return architecture === 'amd64' ? {} : { architecture }
}

function ownOf({ config, weights }: ImagePlan): ImageOwn {
  const entries = (config.Env ?? []).map((entry): [string, string] => {
    const at = entry.indexOf('=')
    return [entry.slice(0, at), entry.slice(at + 1)]
  })
  return {
    command: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
    environment: Object.fromEntries(entries),
    modelFolder: weights.modelFolder,
  }
}

/** The name of the secret is the recipe's, or follows from its name. */
function keyOf({ name, verify: { apiKey } }: ImagePlan): SecretVariable | undefined {
  if (apiKey === undefined) return undefined
  return { variable: apiKey.variable, secret: apiKey.secret ?? `${runName(name)}-api-key`, key: 'api-key' }
}

/** /dev/shm is charged to the container, and so is a share for load that the boot did not have. */
function limitOf(peakBytes: number, sharedMemoryBytes: number): number {
  return Math.ceil((peakBytes * memoryFactor + sharedMemoryBytes) / memoryStepBytes) * memoryStepBytes
}

/** Which worker holds how much follows from what is free on its machine, so that each may have to hold all. */
function workerLimitOf(boots: Report['boots'], sharedMemoryBytes: number): number | undefined {
  const sums = boots.map(({ workers }) =>
    workers?.reduce<number | null>(
      (sum, { peakMemoryBytes }) => (sum === null || peakMemoryBytes === null ? null : sum + peakMemoryBytes),
      0,
    ),
  )
  const most = largest(sums.map((sum) => sum ?? null))
  return most === undefined ? undefined : limitOf(most, sharedMemoryBytes)
}

function workerOrigins({ machines }: ImagePlan): string[] {
  if (machines === undefined) return []
  return [
    'Workers: layers are divided by the memory that each says is free, so the limit of each is for all of them together.',
  ]
}

function mountOf({ weights }: ImagePlan, weightsImage: string | undefined): WeightsMount {
  const { delivery, modelFolder: folder, sizeBytes } = weights
  if (delivery === 'baked') return { type: 'none' }
  if (delivery === 'artifact' && weightsImage !== undefined)
    return { type: 'image', folder, reference: weightsImage }
  return { type: delivery === 'hf-cache' ? 'volume' : 'folder', folder, sizeBytes }
}

/** A variable that the recipe sets stays as the recipe has it. */
function healthOf(
  plan: ImagePlan,
  { health }: EngineDefinition,
): Pick<RunFacts, 'healthVariables' | 'healthSource'> {
  if (health === undefined) return { healthVariables: {} }
  const set = variablesOf(plan)
  const free = Object.entries(health.variables).filter(([name]) => !set.includes(name))
  if (free.length === 0) return { healthVariables: {} }
  return { healthVariables: Object.fromEntries(free), healthSource: health.source }
}

function variablesOf({ config }: ImagePlan): string[] {
  return (config.Env ?? []).map((entry) => entry.split('=')[0] ?? '')
}

function memoryOrigin(peakBytes: number | undefined, limitBytes: number | undefined): string {
  return peakBytes === undefined || limitBytes === undefined
    ? 'Memory: no boot measured it, so there is no limit here.'
    : `Memory: ${formatBytes(peakBytes)} at its peak in the boot; limit ${limitBytes / 1024 ** 2} MiB = ${memoryFactor} times that and /dev/shm.`
}

function largest(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? undefined : Math.max(...known)
}
