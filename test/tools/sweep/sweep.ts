import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { engineOf } from '../../../images/engines/engines.ts'
import { vllmContext } from '../../../images/engines/vllm/context.ts'
import { customGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import type { MemoryPlan } from '../../../images/memory/result.ts'
import { parsePythonJson } from '../../../lib/python-json.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import type { Config } from '../../../recipes/model-facts/config-value.ts'
import { modelFactsSchema } from '../../../recipes/model-facts.ts'
import { pythonPath } from '../find.ts'
import { readSources } from '../wheel-sources.ts'

/** The judge: configurations by transformers, lengths by functions of this version of vLLM. */
const vllmVersion = '0.33.0'

const vllmFiles = [
  'vllm/config/model.py',
  'vllm/transformers_utils/config.py',
  'vllm/transformers_utils/model_arch_config_convertor.py',
]

const classRows = z.array(
  z.object({
    name: z.string(),
    variant: z.string().nullable(),
    config: z.record(z.string(), z.unknown()).optional(),
    /** What vLLM derives; null where it cannot. */
    length: z.number().nullish(),
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
  length: { vllm: number | null; planned: number }
}

/** Plans the default configuration of each class that transformers has, and compares what vLLM's own code says of it. */
export async function sweepClasses(): Promise<SweepRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-sweep-'))
  try {
    const sources = await readSources({ distribution: 'vllm', version: vllmVersion, paths: vllmFiles })
    for (const [path, text] of sources) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    const script = join(import.meta.dirname, 'classes.py')
    const { stdout } = await promisify(execFile)(pythonPath('transformers'), [script, folder], {
      maxBuffer: 64 * 1024 ** 2,
    })
    return classRows.parse(parsePythonJson(stdout)).flatMap(({ name, variant, config, length }) => {
      return config ? [rowOf({ name, variant }, config, length ?? null)] : []
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

function rowOf(
  id: { name: string; variant: string | null },
  config: Config,
  length: number | null,
): SweepRow {
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
    length: { vllm: length, planned: vllmContext(request, vllmVersion) },
  }
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

/** The result as docs/memory.md tells it. */
export function summaryOf(rows: readonly SweepRow[]): string[] {
  const classes = rows.filter(({ variant }) => variant === null)
  const untold = classes.flatMap(({ name, plan }) =>
    plan.outcome === 'planned' ? [] : [`${name}: ${plan.verdict}`],
  )
  const doubted = classes.filter(({ plan }) => plan.outcome === 'planned' && !plan.certain)
  const lengths = rows.filter(({ length }) => length.vllm !== null)
  const other = lengths.filter(({ length }) => length.vllm !== length.planned)
  const named = classes.filter(({ tied }) => tied.byClass !== undefined)
  const untied = named.filter(({ tied }) => tied.byClass !== tied.withoutKey)
  return [
    `${classes.length} classes: ${classes.length - untold.length} planned, ${doubted.length} of them with a doubt`,
    ...untold.map((line) => `  ${line}`),
    `${lengths.length} lengths by vLLM ${vllmVersion}: ${lengths.length - other.length} agree`,
    ...other.map(
      ({ name, variant, length }) => `  ${name} ${variant ?? ''}: ${length.vllm}, here ${length.planned}`,
    ),
    `${named.length} ties by class: ${named.length - untied.length} agree`,
    ...untied.map(({ name, tied }) => `  ${name}: ${tied.byClass}, here ${tied.withoutKey}`),
  ]
}

if (import.meta.main) process.stdout.write(`${summaryOf(await sweepClasses()).join('\n')}\n`)
