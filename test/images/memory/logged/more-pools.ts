import type { LoggedCase } from './logged-case.ts'
import { firstPools } from './pools.ts'

const morePools: LoggedCase[] = [
  {
    id: 'N34',
    source: 'Zamba2-2.7B, vLLM 0.12.0',
    config: 'zamba2-2.7b',
    options:
      '--engine vllm --engine-version 0.12.0 --gpu-memory-bytes 15.48GiB --max-model-len 2048 --max-num-seqs 8 --gpu-memory-utilization 0.75',
    pool: 6.16,
    logged: { kvBlockTokens: 48, kvTokens: 5088, maxConcurrency: 15.27 },
  },
  {
    id: 'N35',
    source: 'Nemotron-Cascade-2-30B NVFP4, vLLM 0.19.0',
    config: 'nemotron-3-nano',
    options: '--engine vllm --engine-version 0.19.0 --kv-cache-dtype fp8 --mamba-ssm-cache-dtype float32',
    pool: 10,
    logged: { kvBlockTokens: 4176 },
  },
  {
    id: 'N36 with 5 drafted tokens',
    source: 'Qwen3.5-27B, TP2',
    config: 'qwen3.5-27b',
    options: '--engine vllm --speculative-tokens 5 --tp 2',
    pool: 10,
    logged: { kvBlockTokens: 816 },
  },
  {
    id: 'N36 with one',
    source: 'Qwen3.5-27B',
    config: 'qwen3.5-27b',
    options: '--engine vllm --speculative-tokens 1',
    pool: 10,
    logged: { kvBlockTokens: 800 },
  },
  {
    id: 'N36 with 7 and states of 16 bits',
    source: 'Qwen3.5-27B',
    config: 'qwen3.5-27b',
    options: '--engine vllm --speculative-tokens 7 --mamba-ssm-cache-dtype bfloat16',
    pool: 10,
    logged: { kvBlockTokens: 448 },
  },
  {
    id: 'N38',
    source: 'GLM-4.7-Flash, vLLM 0.15.0',
    config: 'glm-4.7-flash',
    options: '--engine vllm --engine-version 0.15.0 --gpu h100',
    pool: 15.03,
    logged: { kvTokens: 298096 },
  },
  {
    id: 'N39',
    source: 'GLM-4.7-NVFP4, vLLM 0.15.1',
    config: 'glm-4.7',
    options:
      '--engine vllm --engine-version 0.15.1 --gpu rtx-pro-6000 --tp 4 --quantization nvfp4 --kv-cache-dtype fp8',
    pool: 31.99,
    logged: { kvTokens: 729248 },
  },
  {
    id: 'N41',
    source: 'Gemma-3-27b, vLLM 0.10.2',
    config: 'gemma-3-27b',
    options: '--engine vllm --engine-version 0.10.2 --gpu mi300x --max-model-len 4096',
    pool: 109.86,
    logged: { kvBlocks: 89994, kvTokens: 205696, maxConcurrency: 50.05 },
  },
  {
    id: 'N43',
    source: 'Qwen3-Next-80B, 4 bits, vLLM 0.15.0',
    config: 'qwen3-next-80b',
    options:
      '--engine vllm --engine-version 0.15.0 --tp 2 --quantization w4a16 --kv-cache-dtype fp8 --max-num-seqs 8 --max-num-batched-tokens 8192 --max-model-len 32768',
    pool: 17.58,
    logged: { kvTokens: 767552, maxConcurrency: 84.29 },
  },
  {
    id: 'N44',
    source: 'LFM2.5-1.2B, vLLM 0.17.0',
    config: 'lfm2.5-1.2b',
    options:
      '--engine vllm --engine-version 0.17.0 --dtype float16 --max-model-len 2048 --no-enable-prefix-caching',
    pool: 8009416704 / 1024 ** 3,
    logged: { kvBlockTokens: 16, kvTokens: 217264, maxConcurrency: 313.37 },
  },
  {
    id: 'N46',
    source: 'Qwen3-VL-2B, vLLM 0.20',
    config: 'qwen3-vl-2b',
    options: '--engine vllm --engine-version 0.20.0 --gpu-memory-bytes 15.6GiB --max-model-len 2048',
    pool: 8.13,
    logged: { kvTokens: 76144, maxConcurrency: 37.18 },
  },
  {
    id: 'N48',
    source: 'vllm-project/vllm#34076',
    config: 'qwen3-coder-30b',
    options:
      '--engine vllm --engine-version 0.15.2 --gpu rtx-5090 --pp 2 --pp-layers 16,32 --max-model-len 262144',
    pool: 3.18,
    logged: { kvGiBForOneSequence: 24, maxModelLenThatFits: 34736 },
  },
]

export const givenPools = [...firstPools, ...morePools]
