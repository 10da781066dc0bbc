import { engineIds } from '../../recipes/engine-ids.ts'
import type { CommandTable } from '../command-line/option-table.ts'

/** As in a recipe (`limits.gpus`, which a table cannot import: it would bring the schema's library along). */
const mostGpus = 1024

export const memoryTable = {
  name: 'memory',
  summary: 'whether a model fits a GPU before anything is built, where every byte goes, and what to change',
  positionals: { name: 'MODEL', least: 0, most: 1 },
  options: {
    gpu: {
      kind: 'text',
      value: 'GPU',
      help: 'the card, such as l4, h100, a100-80gb, rtx-4090; needed unless --gpu-memory-bytes or --available-kv-bytes is given',
    },
    'gpu-memory-bytes': {
      kind: 'bytes',
      help: 'what CUDA shows as total, for a card that differs or is not listed',
    },
    engine: {
      kind: 'text',
      isRequired: true,
      value: 'ENGINE',
      known: engineIds,
      help: `${engineIds.slice(0, -1).join(', ')} or ${engineIds.at(-1)}`,
    },
    'engine-version': {
      kind: 'text',
      value: 'VERSION',
      help: 'such as 0.10.1; the newest rules when absent',
    },
    config: { kind: 'text', value: 'FILE', help: 'a config.json, instead of MODEL' },
    'weights-bytes': { kind: 'bytes', help: 'bytes of all weights, over all GPUs' },
    'weights-bytes-per-gpu': {
      kind: 'bytes',
      help: 'bytes of weights on the fullest GPU, as a log prints them',
    },
    dtype: { kind: 'text', value: 'TYPE', help: 'auto, bfloat16, float16, float32' },
    quantization: {
      kind: 'text',
      value: 'METHOD',
      help: 'fp8, awq, gptq, bitsandbytes, nvfp4, … for a checkpoint without headers',
    },
    'kv-cache-dtype': { kind: 'text', value: 'TYPE', help: 'auto, fp8, q8_0, …', aliases: ['cache-type-k'] },
    'mamba-ssm-cache-dtype': {
      kind: 'text',
      value: 'TYPE',
      help: 'type of recurrent states: auto, float32, float16',
    },
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
    tp: {
      kind: 'count',
      range: [1, mostGpus],
      help: 'GPUs that share each layer',
      aliases: ['tensor-parallel-size'],
    },
    pp: {
      kind: 'count',
      range: [1, mostGpus],
      help: 'pipeline stages',
      aliases: ['pipeline-parallel-size'],
    },
    'pp-layers': {
      kind: 'text',
      value: 'N,N',
      help: 'layers of each pipeline stage, where they are not spread evenly',
    },
    dcp: {
      kind: 'count',
      range: [1, mostGpus],
      help: 'ranks that share the tokens of a cache',
      aliases: ['decode-context-parallel-size'],
    },
    dp: {
      kind: 'count',
      range: [1, mostGpus],
      help: 'copies of the model, each on GPUs of its own; vLLM spreads experts over all of them',
      aliases: ['data-parallel-size'],
    },
    'host-weights-bytes': {
      kind: 'bytes',
      help: 'weights of each GPU that lie in the memory of the host',
      aliases: ['cpu-offload-bytes'],
    },
    'gpu-layers': {
      kind: 'count',
      help: 'llama-cpp and Ollama: layers on the GPU, the output counted as one',
      aliases: ['n-gpu-layers', 'num-gpu'],
    },
    'host-expert-layers': {
      kind: 'count',
      help: 'llama-cpp: layers whose experts lie in the memory of the host',
      aliases: ['n-cpu-moe'],
    },
    'max-loras': { kind: 'count', help: 'vLLM: adapters at once, for which places are reserved' },
    'max-lora-rank': { kind: 'count', help: 'vLLM: the largest rank of an adapter, 16 unless told' },
    'gpu-memory-utilization': {
      kind: 'number',
      range: [0, 1],
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
    'speculative-tokens': {
      kind: 'count',
      help: 'tokens drafted ahead, by the draft head of the checkpoint unless --drafter is given',
      aliases: ['spec-tokens', 'draft-max', 'spec-draft-n-max'],
    },
    drafter: {
      kind: 'text',
      value: 'MODEL',
      help: 'what drafts, if not the draft head of the checkpoint: a model, or its config.json',
    },
    'state-slots': {
      kind: 'count',
      help: 'SGLang: recurrent states kept at most',
      aliases: ['max-mamba-cache-size'],
    },
    'state-ratio': {
      kind: 'number',
      range: [0, 1000],
      help: 'SGLang: bytes of states for each byte of tokens',
      aliases: ['mamba-full-memory-ratio'],
    },
    'window-ratio': {
      kind: 'number',
      range: [0, 1],
      help: 'SGLang: tokens of windowed layers for each token of the others',
      aliases: ['swa-full-tokens-ratio'],
    },
    pooling: { kind: 'flag', help: 'vectors or scores are asked for, and no token is sampled' },
    'language-model-only': { kind: 'flag', help: 'vLLM: no images are taken, though the model could' },
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
  },
} as const satisfies CommandTable
