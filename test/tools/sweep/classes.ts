import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { engineOf } from '../../../images/engines/engines.ts'
import { sglangContext } from '../../../images/engines/sglang/context.ts'
import { vllmContext } from '../../../images/engines/vllm/context.ts'
import { customGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import type { MemoryPlan } from '../../../images/memory/result.ts'
import { parsePythonJson } from '../../../lib/python-json.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import type { Config } from '../../../recipes/model-facts/config-value.ts'
import { type ModelFacts, modelFactsSchema, sumOf } from '../../../recipes/model-facts.ts'
import { pythonPath } from '../find.ts'
import { readSources } from '../wheel-sources.ts'
import { type ClassParameters, parametersSchema } from './parameters.ts'

/** The judge: configurations by transformers, lengths by functions of this version of vLLM. */
export const vllmVersion = '0.33.0'

const vllmFiles = [
  'vllm/config/model.py',
  'vllm/transformers_utils/config.py',
  'vllm/transformers_utils/model_arch_config_convertor.py',
]

export const sglangVersion = '0.5.23'

const sglangFiles = ['sglang/srt/utils/hf_transformers/common.py']

const classRows = z.array(
  z.object({
    name: z.string(),
    variant: z.string().nullable(),
    config: z.record(z.string(), z.unknown()).optional(),
    /** What vLLM derives; null where it cannot. */
    length: z.number().nullish(),
    /** What SGLang derives. */
    sglang: z.number().nullish(),
    refused: z.string().optional(),
  }),
)

/** One class, or a class with its positions stretched in some way. */
export interface SweepRow {
  name: string
  variant: string | null
  plan: MemoryPlan
  /** Whether the output is tied to the input embedding, by the class and by what is read when the key is left out. */
  tied: { byClass: boolean | undefined; withoutKey: boolean }
  length: DerivedLength
  sglangLength: DerivedLength
  weights: WeightCount
  /** Elements of one token's keys and values in all layers; null where the class has no matrices of theirs, or was not made. */
  cache: { byClass: number | null; planned: number }
}

/** Context length where the caller names none. */
export interface DerivedLength {
  engine: number | null
  planned: number
}

/** Parameters without the output matrix, which `tied` judges. */
interface WeightCount {
  /** Null where the class could not be made, or is not plain. */
  byClass: number | null
  counted: number
  /** Whether an answer that rests on the count is certain. */
  certain: boolean
}

/** Parts by which a count may be off and still be certain. */
export const withinWeights = 0.015

export function isCounted({ byClass, counted }: WeightCount): boolean {
  return byClass !== null && Math.abs(counted / byClass - 1) <= withinWeights
}

/** Plans the default configuration of each class that transformers has, and compares what vLLM's own code says of it. */
export async function sweepClasses(): Promise<SweepRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-sweep-'))
  try {
    const vllm = await readSources({ distribution: 'vllm', version: vllmVersion, paths: vllmFiles })
    const sglang = await readSources({ distribution: 'sglang', version: sglangVersion, paths: sglangFiles })
    for (const [path, text] of [...vllm, ...sglang]) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    const script = join(import.meta.dirname, 'classes.py')
    const recorded = await readFile(join(import.meta.dirname, 'parameters.json'), 'utf8')
    const parameters = parametersSchema.parse(JSON.parse(recorded))
    const { stdout } = await promisify(execFile)(pythonPath('transformers'), [script, folder], {
      maxBuffer: 64 * 1024 ** 2,
    })
    return classRows
      .parse(parsePythonJson(stdout))
      .flatMap(({ name, variant, config, length, sglang: other }) => {
        const judged = { length: length ?? null, sglang: other ?? null, parameters: parameters[name] ?? null }
        return config ? [rowOf({ name, variant }, config, judged)] : []
      })
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Judged {
  length: number | null
  sglang: number | null
  parameters: ClassParameters | null
}

function rowOf(id: { name: string; variant: string | null }, config: Config, judged: Judged): SweepRow {
  const facts = modelFactsSchema.parse(factsFromConfig(config))
  const request = { facts, gpu: customGpu('any', 80e9), availableKvBytes: 20e9 }
  const plan = planMemory(engineOf('vllm'), request)
  return {
    ...id,
    plan,
    tied: {
      byClass: tiedByClass(config),
      withoutKey: factsFromConfig(withoutTies(config)).tiedEmbeddings,
    },
    length: { engine: judged.length, planned: vllmContext(request, vllmVersion) },
    sglangLength: { engine: judged.sglang, planned: sglangContext(request) },
    weights: weightsOf(facts, judged.parameters),
    cache: { byClass: cacheByClass(judged.parameters), planned: cacheOf(facts) },
  }
}

function cacheByClass(parameters: ClassParameters | null): number | null {
  if (parameters === null || parameters.keys === 0) return null
  // Where keys are values too, there is one matrix.
  return parameters.keys + (parameters.values || parameters.keys)
}

/** Layers that read the cache of an earlier one keep nothing, and have matrices in some classes; those are counted apart. */
function cacheOf({ layers }: ModelFacts): number {
  return layers.reduce(
    (sum, { count, layer }) =>
      'kvHeads' in layer && layer.kind !== 'cross'
        ? sum + count * layer.kvHeads * (layer.keyDim + layer.valueDim)
        : sum,
    0,
  )
}

/** With so much room that nothing but the weights decides how sure the answer is. */
function weightsOf(facts: ModelFacts, byClass: ClassParameters | null): WeightCount {
  const plan = planMemory(engineOf('vllm'), { facts, gpu: customGpu('any', 1e14), maxModelLen: 64 })
  const counted = facts.parameters ? sumOf({ ...facts.parameters, head: 0 }) : 0
  return { byClass: byClass?.elements ?? null, counted, certain: plan.outcome === 'planned' && plan.certain }
}

const tieName = 'tie_word_embeddings'

/** What the class says: in the section of the text model, or in the whole. */
function tiedByClass(config: Config): boolean | undefined {
  const named = factsFromConfig({ ...config, [tieName]: config[tieName] ?? false }).tiedEmbeddings
  return JSON.stringify(config).includes(`"${tieName}":`) ? named : undefined
}

function withoutTies(config: Config): Config {
  // Sections are objects too; JSON stays JSON when one key goes.
  return JSON.parse(JSON.stringify(config, (key, value) => (key === tieName ? undefined : value))) as Config
}
