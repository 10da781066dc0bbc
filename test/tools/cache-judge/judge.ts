import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { engineOf } from '../../../images/engines/engines.ts'
import { vllmContext } from '../../../images/engines/vllm/context.ts'
import { takesDrafter } from '../../../images/engines/vllm/memory-caches.ts'
import { findGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import type { MemoryRequest } from '../../../images/memory/request.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import caseConfigs from '../../images/memory/cases/configs.json' with { type: 'json' }
import olderConfigs from '../../images/memory/configs.json' with { type: 'json' }
import loggedConfigs from '../../images/memory/logged/configs.json' with { type: 'json' }
import { pythonPath } from '../find.ts'
import { readSources } from '../wheel-sources.ts'
import { caseOf, type JudgedCase, judgedVersion } from './cases.ts'

/** What lies beside the two files that decide is what they import, or what they are asked through. */
const vllmFiles = [
  'vllm/v1/core/kv_cache_planning.py',
  'vllm/v1/core/kv_cache_config_builder.py',
  'vllm/v1/core/kv_cache_utils.py',
  'vllm/v1/core/single_type_kv_cache_manager.py',
  'vllm/v1/kv_cache_interface.py',
  'vllm/v1/kv_cache_layout.py',
  'vllm/v1/kv_cache_spec_registry.py',
  'vllm/v1/hisparse/layout.py',
  'vllm/v1/attention/backend.py',
  'vllm/utils/math_utils.py',
  'vllm/platforms/interface.py',
]

const judgements = z.array(
  z.object({
    id: z.string(),
    answer: z
      .object({
        blocks: z.number(),
        blockBytes: z.number(),
        blockTokens: z.number(),
        groups: z.number(),
        tokens: z.number(),
        sequences: z.number(),
        longest: z.number(),
        fits: z.boolean(),
      })
      .optional(),
    refused: z.string().optional(),
  }),
)

export type Judgement = z.infer<typeof judgements>[number]

/** One figure of a case that the engine's code has otherwise. */
export interface Difference {
  id: string
  figure: string
  engine: number | boolean
  planned: number | boolean
}

interface AskedCase {
  judged: JudgedCase
  request: MemoryRequest
}

const GiB = 1024 ** 3

/** One layer as EAGLE-3 has them. */
const eagle = factsFromConfig({
  model_type: 'llama',
  hidden_size: 4096,
  num_hidden_layers: 1,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 14336,
  vocab_size: 32000,
  max_position_embeddings: 131072,
  torch_dtype: 'bfloat16',
})

/** How each configuration is served, so that every rule of the pool is met. */
const servings: Record<string, Partial<MemoryRequest>> = {
  plain: {},
  'two ranks': { tp: 2 },
  'fp8 cache': { kvCacheDtype: 'fp8' },
  'no prefixes': { prefixCaching: false },
  'small pool': { availableKvBytes: 1.5 * GiB },
  'long batches': { maxNumBatchedTokens: 32768 },
  'three drafted tokens': { speculativeTokens: 3 },
  'tokens over two ranks': { tp: 2, dcp: 2 },
  'a drafter of its own': { speculativeTokens: 3, drafter: eagle },
}

/** Cases of all configurations of the tests whose layers the judge can be told. */
export function askedCases(): AskedCase[] {
  const configs: Record<string, Record<string, unknown>> = {
    ...olderConfigs,
    ...loggedConfigs,
    ...caseConfigs,
  }
  return Object.entries(configs).flatMap(([name, config]) => {
    const facts = factsFromConfig(config)
    if (facts.missing.length > 0) return []
    return Object.entries(servings).flatMap(([serving, options]) => {
      const request = requestOf(facts, options)
      const judged = request && caseOf(`${name}, ${serving}`, request)
      return judged && request && judged.layers.length > 0 ? [{ judged, request }] : []
    })
  })
}

function requestOf(
  facts: MemoryRequest['facts'],
  options: Partial<MemoryRequest>,
): MemoryRequest | undefined {
  const base = { facts, gpu: findGpu('h100'), engineVersion: judgedVersion, availableKvBytes: 20 * GiB }
  if (options.tp !== undefined && facts.headCount % options.tp !== 0) return undefined
  if (options.drafter && !takesDrafter(facts)) return undefined
  const maxModelLen = Math.min(131072, vllmContext({ ...base }, judgedVersion))
  return { ...base, maxModelLen, maxNumBatchedTokens: 8192, prefixCaching: true, ...options }
}

/** What the engine's own code says of each case. */
export async function judge(cases: readonly JudgedCase[]): Promise<Judgement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-judge-'))
  try {
    const sources = await readSources({ distribution: 'vllm', version: judgedVersion, paths: vllmFiles })
    for (const [path, content] of sources) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), content)
    }
    return judgements.parse(JSON.parse(await answersOf(folder, JSON.stringify(cases))))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function answersOf(folder: string, input: string): Promise<string> {
  const script = join(import.meta.dirname, 'judge.py')
  const child = spawn(pythonPath('transformers'), [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(input)
  return text(child.stdout)
}

/** Figures of the plan that differ from the engine's. */
export function differencesOf({ judged, request }: AskedCase, { answer }: Judgement): Difference[] {
  if (!answer) return []
  const plan = planMemory(engineOf('vllm'), request)
  if (plan.outcome !== 'planned') return [{ id: judged.id, figure: 'answer', engine: true, planned: false }]
  const figures: Record<string, [engine: number | boolean, planned: number | boolean]> = {
    blockBytes: [answer.blockBytes, plan.kvBlockBytes],
    blockTokens: [answer.blockTokens, plan.kvBlockTokens],
    blocks: [answer.blocks, plan.kvBlocks],
    tokens: [answer.tokens, plan.kvTokens],
    sequences: [Number(answer.sequences.toFixed(4)), plan.maxConcurrency],
    fits: [answer.fits, plan.fits],
    ...(plan.fits ? {} : { longest: [answer.longest, plan.maxModelLenThatFits] }),
  }
  return Object.entries(figures).flatMap(([figure, [engine, planned]]) =>
    engine === planned ? [] : [{ id: judged.id, figure, engine, planned }],
  )
}

export interface JudgedCases {
  asked: number
  refused: Judgement[]
  differences: Difference[]
}

export async function judgeAll(): Promise<JudgedCases> {
  const cases = askedCases()
  const answers = await judge(cases.map(({ judged }) => judged))
  const byId = new Map(answers.map((answer) => [answer.id, answer]))
  return {
    asked: cases.length,
    refused: answers.filter(({ refused }) => refused !== undefined),
    differences: cases.flatMap((one) => {
      const answer = byId.get(one.judged.id)
      return answer ? differencesOf(one, answer) : []
    }),
  }
}

/** The result as docs/memory.md tells it. */
export function judgedSummary({ asked, refused, differences }: JudgedCases): string[] {
  const other = new Set(differences.map(({ id }) => id))
  const agreeing = asked - refused.length - other.size
  return [
    `${asked} pools by vLLM ${judgedVersion}: ${agreeing} agree, ${other.size} differ, ${refused.length} are refused`,
    ...differences.map(({ id, figure, engine, planned }) => `  ${id}: ${figure} ${engine}, here ${planned}`),
    ...refused.map(({ id, refused: why }) => `  ${id}: ${why}`),
  ]
}

if (import.meta.main) process.stdout.write(`${judgedSummary(await judgeAll()).join('\n')}\n`)
