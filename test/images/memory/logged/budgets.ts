import type { LoggedCase } from './logged-case.ts'

/** What the logs of budgets and weights are compared to. */
const allowed = { poolGiB: 0.02, weightsGiB: 0.015 }

const h100 =
  '--engine vllm --engine-version 0.11.0 --gpu h100 --gpu-memory-bytes 79.18GiB --max-model-len 16000 --block-size 128'

/** Pools of vLLM with nothing told but card, version and flags. */
const logs: LoggedCase[] = [
  {
    id: 'N49',
    source: 'gpt-oss-20b, H100',
    config: 'gpt-oss-20b',
    options: h100,
    logged: { poolGiB: 50.28, weightsGiB: 13.47 },
  },
  {
    id: 'N50',
    source: 'gpt-oss-120b, H100, 0.95',
    config: 'gpt-oss-120b',
    options: `${h100} --gpu-memory-utilization 0.95`,
    logged: { poolGiB: 3.33, weightsGiB: 64.38 },
  },
  {
    id: 'N51',
    source: 'Llama-3.3-70B FP8, TP2, H100',
    config: 'llama-3.3-70b-fp8',
    options: `${h100} --tp 2`,
    logged: { poolGiB: 32, weightsGiB: 33.88 },
  },
  {
    id: 'N52',
    source: 'Llama-3.1-8B, H100',
    config: 'llama-3.1-8b',
    options: h100,
    logged: { poolGiB: 51.38 },
  },
  { id: 'N53', source: 'Qwen3-0.6B, H100', config: 'qwen3-0.6b', options: h100, logged: { poolGiB: 64.45 } },
  { id: 'N54', source: 'Qwen3-32B, H100', config: 'qwen3-32b', options: h100, logged: { poolGiB: 4.45 } },
  {
    id: 'N55',
    source: 'Qwen3-32B, TP2, H100',
    config: 'qwen3-32b',
    options: `${h100} --tp 2`,
    logged: { poolGiB: 34.49 },
  },
  {
    id: 'N56',
    source: 'Mistral-Small-3.2, H100, 0.95',
    config: 'mistral-small-3.2',
    options: `${h100} --gpu-memory-utilization 0.95`,
    logged: { poolGiB: 28.2, weightsGiB: 44.76 },
  },
  {
    id: 'N04b',
    source: 'Qwen3.6-35B-A3B NVFP4, RTX 5090',
    config: 'qwen3.6-35b-a3b-nvfp4',
    options:
      '--engine vllm --engine-version 0.20.0 --gpu rtx-5090 --gpu-memory-utilization 0.90 --kv-cache-dtype fp8 --max-model-len 65536 --enable-prefix-caching --max-num-seqs 1 --max-num-batched-tokens 8192',
    logged: { poolGiB: 2.95, weightsGiB: 21.86 },
  },
  {
    id: 'N02b',
    source: 'Kimi-K2-Thinking, TP8, H200',
    config: 'k2-thinking',
    options: '--engine vllm --engine-version 0.11.0 --tp 8 --gpu h200',
    logged: { poolGiB: 46.8 },
  },
  {
    id: 'N39b',
    source: 'GLM-4.7-NVFP4, TP4, RTX PRO 6000',
    config: 'glm-4.7',
    options:
      '--engine vllm --engine-version 0.15.1 --gpu rtx-pro-6000 --tp 4 --quantization nvfp4 --kv-cache-dtype fp8',
    logged: { poolGiB: 31.99, weightsGiB: 47.11 },
  },
  {
    id: 'N41b',
    source: 'Gemma-3-27b, MI300X',
    config: 'gemma-3-27b-it',
    options: '--engine vllm --engine-version 0.10.2 --gpu mi300x --max-model-len 4096',
    logged: { poolGiB: 109.86, weightsGiB: 51.79 },
  },
  {
    id: 'N33b',
    source: 'Falcon-H1-3B, 16 GB card',
    config: 'falcon-h1-3b',
    options:
      '--engine vllm --engine-version 0.12.0 --gpu-memory-bytes 15.48GiB --max-model-len 2048 --max-num-seqs 8 --gpu-memory-utilization 0.75',
    logged: { poolGiB: 5.28, weightsGiB: 5.8981 },
  },
  {
    id: 'N34b',
    source: 'Zamba2-2.7B, 16 GB card',
    config: 'zamba2-2.7b',
    options:
      '--engine vllm --engine-version 0.12.0 --gpu-memory-bytes 15.48GiB --max-model-len 2048 --max-num-seqs 8 --gpu-memory-utilization 0.75',
    logged: { poolGiB: 6.16, weightsGiB: 5.0655 },
  },
]

const weightLogs: LoggedCase[] = [
  {
    id: 'N03',
    source: 'Kimi-K2.5, SGLang, TP8',
    config: 'kimi-k2.5',
    options: '--engine sglang --tp 8 --gpu mi355x',
    logged: { weightsGiB: 73.58 },
  },
  {
    id: 'N05',
    source: 'Qwen3.5-122B-A10B NVFP4 with its draft head',
    config: 'qwen3.5-122b',
    options:
      '--engine vllm --engine-version 0.19.0 --gpu dgx-spark --quantization nvfp4 --speculative-tokens 1',
    logged: { weightsGiB: 75.17 },
  },
  {
    id: 'N06',
    source: 'Qwen3.5-122B-A10B NVFP4',
    config: 'qwen3.5-122b',
    options: '--engine vllm --engine-version 0.19.0 --gpu dgx-spark --quantization nvfp4',
    logged: { weightsGiB: 70.47 },
  },
  {
    id: 'N07',
    source: 'Gemma-4-26B-A4B',
    config: 'gemma-4-26b',
    options: '--engine vllm --engine-version 0.19.0 --gpu dgx-spark',
    logged: { weightsGiB: 48.5 },
  },
  {
    id: 'N08',
    source: 'Gemma-4-26B-A4B, SGLang',
    config: 'gemma-4-26b',
    options: '--engine sglang --gpu dgx-spark',
    logged: { weightsGiB: 47.23 },
  },
  {
    id: 'N09',
    source: 'GLM-5-FP8, SGLang, TP8',
    config: 'glm-5-fp8',
    options: '--engine sglang --tp 8 --gpu mi355x',
    logged: { weightsGiB: 89.58 },
  },
  {
    id: 'N13',
    source: 'Nemotron-3-Nano, SGLang, TP4',
    config: 'nemotron-3-nano',
    options: '--engine sglang --tp 4 --gpu h100',
    logged: { weightsGiB: 14.76 },
  },
  {
    id: 'N38',
    source: 'GLM-4.7-Flash',
    config: 'glm-4.7-flash',
    options: '--engine vllm --engine-version 0.15.0 --gpu h100',
    logged: { weightsGiB: 55.87 },
  },
  {
    id: 'N43',
    source: 'Qwen3-Next-80B, 4 bits, TP2',
    config: 'qwen3-next-80b',
    options: '--engine vllm --engine-version 0.15.0 --tp 2 --gpu h100 --quantization w4a16',
    logged: { weightsGiB: 22.53 },
  },
  {
    id: 'N44',
    source: 'LFM2.5-1.2B',
    config: 'lfm2.5-1.2b',
    options: '--engine vllm --engine-version 0.17.0 --gpu l4 --dtype float16',
    logged: { weightsGiB: 2.18 },
  },
  {
    id: 'N45',
    source: 'Step-3.7-Flash-NVFP4, TP2, three drafted tokens',
    config: 'step-3.7-flash',
    options: '--engine vllm --tp 2 --gpu dgx-spark --quantization nvfp4 --speculative-tokens 3',
    logged: { weightsGiB: 60.94 },
  },
  {
    id: 'N46',
    source: 'Qwen3-VL-2B',
    config: 'qwen3-vl-2b',
    options: '--engine vllm --engine-version 0.20.0 --gpu l4',
    logged: { weightsGiB: 4.24 },
  },
  {
    id: 'N47 bf16',
    source: 'Qwen2.5-7B',
    config: 'qwen2.5-7b',
    options: '--engine vllm --gpu l4',
    logged: { weightsGiB: 14.2488 },
  },
  {
    id: 'N47 FP8',
    source: 'Qwen2.5-7B FP8-dynamic',
    config: 'qwen2.5-7b-fp8dyn',
    options: '--engine vllm --gpu l4',
    logged: { weightsGiB: 8.1426 },
  },
  {
    id: 'N47 GPTQ',
    source: 'Qwen2.5-7B GPTQ-int4',
    config: 'qwen2.5-7b-gptq',
    options: '--engine vllm --gpu l4',
    logged: { weightsGiB: 5.1811 },
  },
]

export const budgets = logs.map((logged) => ({ ...logged, within: allowed }))

/** Weights of one GPU from a configuration alone. */
export const weights = weightLogs.map((logged) => ({ ...logged, within: allowed }))
