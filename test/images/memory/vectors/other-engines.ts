import { GiB, MiB } from '../models.ts'
import { allocated, gib, overhead, plan, type Vector } from '../vector.ts'

export const vectors: Vector[] = [
  {
    id: 'V8',
    source: 'sglang#11309',
    checks: () => {
      const base = { engine: 'sglang', gpu: 'b200', kvCacheDtype: 'fp8_e4m3', maxModelLen: 131072 } as const
      const fixed = plan('deepseek-v3.2', { ...base, availableKvBytes: 975424 * 788 * 61 })
      return [
        { what: 'bytes per token', logged: 788 * 61, planned: fixed.kvBytesPerToken },
        { what: 'tokens', logged: 975424, planned: fixed.kvTokens },
        {
          what: 'pool GiB',
          logged: 43.67,
          within: 0.0005,
          planned: gib(fixed.kvTokens * fixed.kvBytesPerToken),
        },
      ]
    },
  },
  {
    id: 'V25',
    source: 'sglang#18263',
    checks: () => {
      const told = plan('qwen3-30b-a3b', {
        engine: 'sglang',
        gpu: 'mi355x',
        maxModelLen: 32768,
        availableKvBytes: 1669816 * 98304,
      })
      const budget = plan('qwen3-30b-a3b', {
        engine: 'sglang',
        gpu: 287.18,
        gpuMemoryUtilization: 0.911,
        maxModelLen: 32768,
        weightsBytesPerGpu: Math.round(56.98 * GiB),
        overhead: overhead(0, 51.75),
      })
      return [
        { what: 'tokens', logged: 1669816, planned: told.kvTokens },
        {
          what: 'K GiB',
          logged: 76.44,
          within: 0.0001,
          planned: gib(told.kvTokens * told.kvBytesPerToken) / 2,
        },
        { what: 'tokens from the budget', logged: 1669816, within: 0.001, planned: budget.kvTokens },
      ]
    },
  },
  {
    id: 'V27',
    source: 'ollama#16480',
    checks: () => {
      const told = plan('gpt-oss-120b', {
        engine: 'ollama',
        gpu: 'b200',
        maxModelLen: 131072,
        parallel: 2,
        ubatch: 1024,
      })
      return [
        { what: 'full MiB', logged: 9216, planned: allocated(told, 'full') },
        { what: 'window MiB', logged: 90, planned: allocated(told, 'window') },
        { what: 'bytes per cell of one layer', logged: 2048, planned: told.kvBytesPerToken / 36 },
      ]
    },
  },
  {
    id: 'V28',
    source: 'ollama#17037',
    checks: () => {
      const told = plan('gemma-3-4b', {
        engine: 'ollama',
        gpu: 'rtx-4090',
        maxModelLen: 131072,
        weightsBytesPerGpu: 2367 * MiB,
      })
      return [
        { what: 'full MiB', logged: 2560, planned: allocated(told, 'full') },
        { what: 'window MiB', logged: 174, planned: allocated(told, 'window') },
      ]
    },
  },
  {
    id: 'V29',
    source: 'HilbertRaum#412',
    checks: () => {
      const told = plan('gemma-4-26b-a4b', {
        engine: 'llama-cpp',
        gpu: 'rtx-4090',
        maxModelLen: 8192,
        ubatch: 2048,
      })
      return [
        { what: 'full MiB', logged: 160, planned: allocated(told, 'full') },
        { what: 'window MiB', logged: 600, planned: allocated(told, 'window') },
      ]
    },
  },
  {
    id: 'V30',
    source: 'lmstudio-bug-tracker#1862',
    checks: () => {
      const told = plan('qwen3.6-27b', {
        engine: 'llama-cpp',
        gpu: 'h100',
        maxModelLen: 262144,
        parallel: 4,
        unifiedKv: true,
        weightsBytesPerGpu: 17 * GiB,
      })
      return [
        { what: 'full MiB', logged: 16384, planned: allocated(told, 'full') },
        { what: 'recurrent MiB', logged: 598.5, planned: allocated(told, 'state') },
      ]
    },
  },
  {
    id: 'V31',
    source: 'llama.cpp#11446',
    checks: () => {
      const told = plan('deepseek-v3', {
        engine: 'llama-cpp',
        gpu: 'b300',
        tp: 1,
        maxModelLen: 32768,
        weightsBytesPerGpu: 130 * GiB,
      })
      return [{ what: 'rope and latent MiB', logged: 244 + 1952, planned: allocated(told, 'mla') }]
    },
  },
]
