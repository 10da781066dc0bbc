import { planMemory } from '../../images/memory/plan.ts'
import type { MemoryPlan } from '../../images/memory/result.ts'
import { IngotError } from '../../lib/error.ts'
import { type Json, prettyJson } from '../../lib/json.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import { describeError, exitCodeOf } from '../command-line/exit.ts'
import { readConfigFile } from '../model-reader/local.ts'
import { readModel } from '../model-reader/model-reader.ts'
import type { SourceSettings } from '../weights/source.ts'
import { type MemoryArguments, readMemoryArguments } from './arguments.ts'
import { memoryText } from './table.ts'

export interface MemoryIo {
  stdout(text: string): void
  stderr(text: string): void
  settings: SourceSettings
  signal?: AbortSignal
}

/**
 * `ingot memory`: prints a table, or one JSON object with `--json`. Exit codes: 0 it fits; 1 it does not fit, or nobody
 * can tell; 2 the command line is wrong; 3 the model is private or gated.
 */
export async function planMemoryOf(argv: readonly string[], io: MemoryIo): Promise<number> {
  try {
    const args = readMemoryArguments(argv)
    const facts = await factsOf(args, io)
    const drafter = args.drafter === undefined ? {} : { drafter: await drafterOf(args.drafter, io) }
    const plan = planMemory(args.engine, { ...args.request, ...drafter, facts })
    io.stdout(args.json ? prettyJson(jsonOf(plan)) : memoryText(plan, args.model ?? facts.architecture))
    return plan.fits === true ? 0 : 1
  } catch (error) {
    if (!(error instanceof IngotError) || io.signal?.aborted) throw error
    io.stderr(describeError(error))
    return exitCodeOf(error)
  }
}

/** A configuration alone is enough with `--weights-bytes` or `--available-kv-bytes`; MODEL beside it gives the headers. */
async function factsOf(args: MemoryArguments, { settings, signal }: MemoryIo): Promise<ModelFacts> {
  const configured = args.configFile === undefined ? undefined : await readConfigFile(args.configFile)
  if (args.model === undefined && configured) return configured
  const read = await readModel(args.model ?? '', settings, signal)
  return configured ? { ...configured, weights: read.weights, tiedEmbeddings: read.tiedEmbeddings } : read
}

async function drafterOf(name: string, { settings, signal }: MemoryIo): Promise<ModelFacts> {
  return name.endsWith('.json') ? readConfigFile(name) : readModel(name, settings, signal)
}

function jsonOf(plan: MemoryPlan): Json {
  // A plan holds JSON values only; interfaces without an index signature need the cast.
  return plan as unknown as Json
}
