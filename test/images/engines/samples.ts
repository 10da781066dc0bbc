import { type EngineId, engineIds } from '../../../recipes/engine-ids.ts'

/** What the contract suite must be told of an engine: facts of the real server, written beside its definition's back. */
export interface EngineSample {
  /** The recipe that its tests start from; `smollm2-135m-ENGINE` where nothing is said. */
  recipe?: string
  /** What its package or program calls itself, and the semver that this is. */
  says: string
  version: string
  /** The version that a lock of the golden plans has. */
  lockedVersion: string
  /** Variables that keep it from telling its makers of its use. */
  telemetry: Readonly<Record<string, string>>
  /** Wrong questions that it is not asked, since their answer is right. */
  notAsked: readonly string[]
  /** False where the server takes no arguments, and a recipe's are refused. */
  takesArguments: boolean
  /** One that its server has; `--trust-remote-code` where nothing is said. */
  argument?: string
  /** What names the model in an answer. */
  answersWith: 'name' | 'path'
  /** Whether a prompt that is too long must be refused, with a context length in the recipe and without. */
  refusesLongPrompts: { withLength: boolean; withoutLength: boolean }
  /** Words of the refusal, for a delivery that the engine cannot take. */
  refusedDeliveries: Readonly<Record<string, string>>
}

/** Of every engine, from `ENGINE/sample.ts`. */
export const samples = new Map<EngineId, EngineSample>(
  await Promise.all(engineIds.map(async (id) => [id, await readSample(id)] as const)),
)

export function sampleOf(id: EngineId): EngineSample {
  const sample = samples.get(id)
  if (sample === undefined) throw new Error(`test/images/engines/${id}/sample.ts is missing`)
  return sample
}

async function readSample(id: EngineId): Promise<EngineSample> {
  const { sample } = await import(`./${id}/sample.ts`)
  return sample
}
