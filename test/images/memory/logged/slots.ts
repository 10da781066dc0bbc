import type { LoggedCase } from './logged-case.ts'

/** llama.cpp and Ollama: caches and buffers of a context, in MiB as their logs print them. */
export const slots: LoggedCase[] = [
  {
    id: 'N17',
    source: 'Gemma-4-E4B, llama.cpp, 102,400 tokens',
    config: 'gemma-4-e4b',
    options: '--engine llama-cpp --gpu rtx-4090 --ctx-size 102400 --ubatch-size 1024',
    logged: { fullMiB: 1600, windowMiB: 60 },
  },
  {
    id: 'N18',
    source: 'gpt-oss-20b, llama.cpp, 131,072 tokens',
    config: 'gpt-oss-20b',
    // A build that kept logits for every token of a batch.
    options: '--engine llama-cpp --engine-version b9000 --gpu rtx-4090 --ctx-size 131072',
    logged: { fullMiB: 3072, windowMiB: 18, computeMiB: 396.27 },
    within: { computeMiB: 0.15 },
  },
  {
    id: 'N19',
    source: 'Gemma-4-E2B, llama.cpp Vulkan, four slots',
    config: 'gemma-4-e2b',
    options: '--engine llama-cpp --gpu rtx-4090 --ctx-size 8192 --parallel 4 --kv-unified --ubatch-size 2048',
    logged: { fullMiB: 48, windowMiB: 48, computeMiB: 560.07 },
    within: { computeMiB: 0.15 },
  },
  {
    id: 'N22',
    source: 'Qwen2.5-7B, Ollama, 32,768 tokens, no flash attention',
    config: 'qwen2.5-7b',
    options: '--engine ollama --engine-version 0.12.0 --gpu rtx-4090 --max-model-len 32768',
    logged: { fullMiB: 1.8 * 1024, computeMiB: 1.8 * 1024 },
    within: { fullMiB: 0.03, computeMiB: 0.15 },
  },
  {
    id: 'N23',
    source: 'gemma3:1b, Ollama',
    config: 'gemma3-1b',
    options: '--engine ollama --engine-version 0.12.11 --gpu rtx-4090',
    logged: { cacheMiB: 38, computeMiB: 80 },
    within: { computeMiB: 0.15 },
  },
  {
    id: 'N25',
    source: 'Qwen3.5-0.8B, llama.cpp, four slots',
    config: 'qwen3.5-0.8b',
    options: '--engine llama-cpp --gpu rtx-4090 --ctx-size 2048 --parallel 4 --kv-unified',
    logged: { fullMiB: 24, stateMiB: 77.06, computeMiB: 42.58 },
    within: { computeMiB: 0.15 },
  },
  {
    id: 'N26',
    source: 'Qwen3.6-27B, llama.cpp, q8_0, four slots',
    config: 'qwen3.6-27b',
    options:
      '--engine llama-cpp --engine-version b9000 --gpu a100-80gb --ctx-size 131072 --parallel 4 --kv-unified --cache-type-k q8_0',
    logged: { fullMiB: 4352, stateMiB: 598.5, computeMiB: 495 },
    within: { computeMiB: 0.15 },
  },
  {
    id: 'N27',
    source: 'Qwen3.6-27B with its draft head, llama.cpp, 12 drafted tokens',
    config: 'qwen3.6-27b',
    options:
      '--engine llama-cpp --gpu a100-80gb --ctx-size 32768 --parallel 4 --kv-unified --cache-type-k q8_0 --speculative-tokens 12',
    // The draft layer's 128 MiB are of 16 bits.
    logged: { fullMiB: 1088 + 128, stateMiB: 7780.5 },
  },
]
