import type { ParseArgsOptionsConfig } from 'node:util'
import { engineIds } from '../../recipes/engine-ids.ts'

export const memoryUsage = 'memory MODEL --gpu GPU --engine ENGINE [options]'
export const memorySummary = 'whether a model fits a GPU, where every byte goes, and what to change'

type Kind = 'text' | 'count' | 'bytes' | 'share' | 'flag'

interface Option {
  kind: Kind
  help: string
  /** Names the engines give to the same thing. */
  aliases?: readonly string[]
}

export const memoryOptions = {
  gpu: { kind: 'text', help: 'the card, such as l4, h100, a100-80gb, rtx-4090' },
  'gpu-memory-bytes': {
    kind: 'bytes',
    help: 'what CUDA shows as total, for a card that differs or is not listed',
  },
  engine: { kind: 'text', help: `${engineIds.slice(0, -1).join(', ')} or ${engineIds.at(-1)}` },
  'engine-version': { kind: 'text', help: 'such as 0.10.1; the newest rules when absent' },
  config: { kind: 'text', help: 'a config.json, instead of MODEL' },
  'weights-bytes': { kind: 'bytes', help: 'bytes of all weights, over all GPUs' },
  'weights-bytes-per-gpu': {
    kind: 'bytes',
    help: 'bytes of weights on the fullest GPU, as a log prints them',
  },
  dtype: { kind: 'text', help: 'auto, bfloat16, float16, float32' },
  quantization: {
    kind: 'text',
    help: 'fp8, awq, gptq, bitsandbytes, nvfp4, … for a checkpoint without headers',
  },
  'kv-cache-dtype': { kind: 'text', help: 'auto, fp8, q8_0, …', aliases: ['cache-type-k'] },
  'mamba-ssm-cache-dtype': { kind: 'text', help: 'type of recurrent states: auto, float32, float16' },
  'max-model-len': {
    kind: 'count',
    help: 'context of one sequence (llama-cpp: of all together, as -c)',
    aliases: ['ctx-size', 'context-length', 'max-total-tokens'],
  },
  'max-num-seqs': { kind: 'count', help: 'sequences at once', aliases: ['max-running-requests'] },
  'max-num-batched-tokens': {
    kind: 'count',
    help: 'tokens in one step',
    aliases: ['max-batch-prefill-tokens', 'chunked-prefill-size'],
  },
  'block-size': { kind: 'count', help: 'tokens of one cache block', aliases: ['page-size'] },
  tp: { kind: 'count', help: 'GPUs that share each layer', aliases: ['tensor-parallel-size'] },
  pp: { kind: 'count', help: 'pipeline stages', aliases: ['pipeline-parallel-size'] },
  'gpu-memory-utilization': {
    kind: 'share',
    help: 'share of the GPU for the engine, 0 to 1',
    aliases: ['mem-fraction-static', 'cuda-memory-fraction', 'free-gpu-memory-fraction'],
  },
  'available-kv-bytes': {
    kind: 'bytes',
    help: 'use this cache pool, skip the budget',
    aliases: ['kv-cache-memory-bytes'],
  },
  'non-torch-bytes': { kind: 'bytes', help: 'measured memory outside PyTorch' },
  'activation-bytes': { kind: 'bytes', help: 'measured activation peak' },
  'cuda-graph-bytes': { kind: 'bytes', help: 'measured or estimated CUDA graphs' },
  'swap-space-bytes': { kind: 'bytes', help: 'host memory for swapped blocks (old vLLM)' },
  'speculative-tokens': { kind: 'count', help: 'tokens drafted ahead' },
  'enforce-eager': { kind: 'flag', help: 'no CUDA graphs' },
  'enable-prefix-caching': { kind: 'flag', help: 'prefix caching is on' },
  'no-enable-prefix-caching': { kind: 'flag', help: 'prefix caching is off' },
  'disable-hybrid-kv-cache-manager': { kind: 'flag', help: 'windowed layers keep every token' },
  parallel: { kind: 'count', help: 'sequences of llama-cpp and Ollama' },
  'kv-unified': { kind: 'flag', help: 'llama-cpp: one cache for all sequences' },
  'ubatch-size': { kind: 'count', help: 'llama-cpp: tokens in one step' },
  'no-flash-attention': { kind: 'flag', help: 'llama-cpp and Ollama without flash attention' },
  'mean-tokens': { kind: 'count', help: 'mean length of a sequence: compares paged with reserved caches' },
  json: { kind: 'flag', help: 'the whole plan as JSON' },
} as const satisfies Record<string, Option>

export type OptionName = keyof typeof memoryOptions

const options: Record<string, Option> = memoryOptions

/** Long option to its explanation, for `--help`. */
export const memoryOptionHelp: Record<string, string> = Object.fromEntries(
  Object.entries(options).map(([name, { help, aliases }]) => [
    name,
    aliases ? `${help} (also ${aliases.map((alias) => `--${alias}`).join(', ')})` : help,
  ]),
)

/** What `parseArgs` is told: every name and alias. */
export function parseConfig(): ParseArgsOptionsConfig {
  const entries = Object.entries(options).flatMap(([name, { kind, aliases = [] }]) =>
    [name, ...aliases].map(
      (spelling) => [spelling, { type: kind === 'flag' ? 'boolean' : 'string' }] as const,
    ),
  )
  return Object.fromEntries(entries)
}

/** Value of an option under its own name or an alias. */
export function optionValue(
  values: Readonly<Record<string, unknown>>,
  name: OptionName,
): string | boolean | undefined {
  const spellings = [name, ...(options[name]?.aliases ?? [])]
  for (const spelling of spellings) {
    const value = values[spelling]
    if (typeof value === 'string' || typeof value === 'boolean') return value
  }
  return undefined
}
