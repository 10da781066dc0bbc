import type { LoggedCase } from './logged-case.ts'

/** Logged boots whose pool is printed: geometry alone decides the rest. Pools are printed to two places. */
export const firstPools: LoggedCase[] = [
  {
    id: 'N01',
    source: 'vllm-project/vllm#28228',
    config: 'kimi-linear-48b',
    options:
      '--engine vllm --engine-version 0.11.0 --tp 2 --gpu rtx-3090 --max-model-len 120000 --max-num-batched-tokens 64000 --max-num-seqs 8 --no-enable-prefix-caching',
    pool: 2.3,
    logged: { kvBlockTokens: 960, kvTokens: 75840, maxConcurrency: 2.48 },
  },
  {
    id: 'N02',
    source: 'vllm-project/recipes, Kimi-K2-Think.md',
    config: 'kimi-k2',
    options: '--engine vllm --engine-version 0.11.0 --tp 8 --gpu h200',
    pool: 46.8,
    logged: { kvTokens: 715072 },
  },
  {
    id: 'N02 with the cache over 8 ranks',
    source: 'vllm-project/recipes, Kimi-K2-Think.md',
    config: 'kimi-k2',
    options: '--engine vllm --engine-version 0.11.0 --tp 8 --dcp 8 --gpu h200',
    pool: 46.8,
    logged: { kvTokens: 5721088 },
  },
  {
    id: 'N03',
    source: 'Kimi-K2.5, SGLang, TP8',
    config: 'kimi-k2.5',
    options: '--engine sglang --tp 8 --gpu mi355x',
    pool: 160.63,
    logged: { kvTokens: 2454421 },
  },
  {
    id: 'N04',
    source: 'Qwen3.6-35B-A3B NVFP4, vLLM 0.20.0',
    config: 'qwen3.6-35b-a3b-nvfp4',
    options:
      '--engine vllm --engine-version 0.20.0 --gpu rtx-5090 --kv-cache-dtype fp8 --max-model-len 65536 --enable-prefix-caching --max-num-seqs 1',
    pool: 2.95,
    logged: { kvBlockTokens: 2096, kvTokens: 75456, maxConcurrency: 3.87 },
  },
  {
    id: 'N05',
    source: 'Qwen3.5-122B-A10B NVFP4 with one drafted token',
    config: 'qwen3.5-122b',
    options:
      '--engine vllm --engine-version 0.19.0 --gpu dgx-spark --quantization nvfp4 --kv-cache-dtype fp8 --speculative-tokens 1 --enable-prefix-caching --max-model-len 262144',
    pool: 24.05,
    logged: { kvTokens: 482080, maxConcurrency: 6.42 },
  },
  {
    id: 'N06',
    source: 'Qwen3.5-122B-A10B NVFP4',
    config: 'qwen3.5-122b',
    options:
      '--engine vllm --engine-version 0.19.0 --gpu dgx-spark --quantization nvfp4 --kv-cache-dtype fp8 --enable-prefix-caching --max-model-len 131072',
    pool: 21.43,
    logged: { kvTokens: 467712, maxConcurrency: 11.79 },
  },
  {
    id: 'N07',
    source: 'Gemma-4-26B-A4B, fp8 cache',
    config: 'gemma-4-26b',
    options:
      '--engine vllm --engine-version 0.19.0 --kv-cache-dtype fp8 --max-num-batched-tokens 2048 --max-model-len 131072',
    pool: 51.62,
    logged: { kvTokens: 451040, maxConcurrency: 33.42 },
  },
  {
    id: 'N08',
    source: 'Gemma-4-26B-A4B, SGLang',
    config: 'gemma-4-26b',
    options: '--engine sglang --gpu dgx-spark',
    pool: 36.69,
    logged: { kvTokens: 213761 },
  },
  {
    id: 'N09',
    source: 'GLM-5-FP8, SGLang, TP8',
    config: 'glm-5-fp8',
    options: '--engine sglang --tp 8 --gpu mi355x --kv-cache-dtype fp8_e4m3',
    pool: 186.77,
    logged: { kvTokens: 3262823 },
  },
  {
    id: 'N10',
    source: 'MiniMax-M2.7, vLLM of May 2026',
    config: 'minimax-m2.5/2.7',
    options: '--engine vllm --engine-version 0.20.0 --max-model-len 204800',
    pool: 24.85,
    logged: { kvGiBForOneSequence: 48.44, maxModelLenThatFits: 105056 },
  },
  {
    id: 'N11',
    source: 'gpt-oss-120b, vLLM 0.11',
    config: 'gpt-oss-120b',
    options: '--engine vllm --engine-version 0.11.0 --gpu h100 --max-model-len 131072',
    pool: 4.06,
    logged: { kvGiBForOneSequence: 4.79, maxModelLenThatFits: 109776 },
  },
  {
    id: 'N12',
    source: 'Nemotron-3-Nano Omni, SGLang 0.5.21, TP4',
    config: 'nemotron-3-nano',
    options: '--engine sglang --tp 4 --kv-cache-dtype fp8_e4m3',
    pool: 53.38,
    logged: { kvTokens: 19644177 },
  },
  {
    id: 'N14',
    source: 'Qwen3.8-27B NVFP4, SGLang, 360 states',
    config: 'qwen3.6-27b',
    options:
      '--engine sglang --gpu dgx-spark --quantization nvfp4 --kv-cache-dtype fp8_e4m3 --max-num-seqs 72 --state-slots 360',
    // States 0.99 + 50.77, keys and values 6.97.
    pool: 58.73,
    logged: { kvTokens: 228520 },
  },
  {
    id: 'N20',
    source: 'Gemma-4-E2B, vLLM',
    config: 'gemma-4-e2b',
    options: '--engine vllm --engine-version 0.24.0 --max-num-batched-tokens 8192 --max-model-len 32768',
    pool: 0.9338,
    logged: { kvTokens: 106443, maxConcurrency: 3.25 },
  },
  {
    id: 'N21',
    source: 'Llama-3.1-8B, TensorRT-LLM',
    config: 'llama-3.1-8b',
    options: '--engine tensorrt-llm --kv-cache-dtype fp8',
    // Printed as 0.9 of 17.83 free.
    pool: 16.047,
    logged: { kvBlocks: 8219, kvTokens: 263008 },
    // The free memory it is nine tenths of has two places.
    within: { kvBlocks: 0.0005, kvTokens: 0.0005 },
  },
  {
    id: 'N33',
    source: 'Falcon-H1-3B, vLLM 0.12.0',
    config: 'falcon-h1-3b',
    options:
      '--engine vllm --engine-version 0.12.0 --gpu-memory-bytes 15.48GiB --max-model-len 2048 --max-num-seqs 8 --gpu-memory-utilization 0.75',
    pool: 5.28,
    logged: { kvBlockTokens: 2080, kvTokens: 83968, maxConcurrency: 41.5 },
  },
]
