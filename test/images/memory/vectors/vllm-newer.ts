import { GiB } from '../models.ts'
import { gib, overhead, plan, type Vector } from '../vector.ts'

export const vectors: Vector[] = [
  {
    id: 'V13',
    source: 'club-3090#612, #652',
    checks: () => {
      const at = (pool: number) =>
        plan('qwen3.6-35b-a3b', {
          engine: 'vllm',
          engineVersion: '0.24.0',
          gpu: 'rtx-5090',
          kvCacheDtype: 'fp8',
          prefixCaching: true,
          maxModelLen: 131072,
          availableKvBytes: Math.round(pool * GiB),
        })
      const first = at(5.98)
      const second = at(6.01)
      return [
        { what: 'block tokens', logged: 2096, planned: first.kvBlockTokens },
        { what: 'blocks of one request', logged: 69, planned: first.blocksForOneSequence },
        { what: 'blocks at 5.98 GiB', logged: 299, planned: first.kvBlocks },
        { what: 'blocks at 6.01 GiB', logged: 300, planned: second.kvBlocks },
        { what: 'tokens at 5.98 GiB', logged: 567978, planned: first.kvTokens },
        { what: 'tokens at 6.01 GiB', logged: 569878, planned: second.kvTokens },
        { what: 'concurrency at 5.98 GiB', logged: 4.33, within: 0.001, planned: first.maxConcurrency },
        { what: 'concurrency at 6.01 GiB', logged: 4.35, within: 0.001, planned: second.maxConcurrency },
      ]
    },
  },
  {
    id: 'V14',
    source: 'vllm-project/recipes#810',
    checks: () => {
      const at = (blocks: number) =>
        plan('qwen3.6-27b', {
          engine: 'vllm',
          engineVersion: '0.24.0',
          gpu: 'rtx-5090',
          tp: 2,
          maxModelLen: 262144,
          availableKvBytes: blocks * 16 * 784 * 2048 + 1000,
        })
      const weighing = (perGpu: number) =>
        plan('qwen3.6-27b', {
          engine: 'vllm',
          engineVersion: '0.24.0',
          gpu: 'rtx-5090',
          tp: 2,
          maxModelLen: 262144,
          weightsBytesPerGpu: Math.round(perGpu * GiB),
        }).kvTokens
      return [
        { what: 'block tokens', logged: 784, planned: at(491).kvBlockTokens },
        { what: 'blocks of one request', logged: 341, planned: at(491).blocksForOneSequence },
        { what: 'tokens FP8', logged: 377456, planned: at(491).kvTokens },
        { what: 'tokens NVFP4', logged: 445875, planned: at(580).kvTokens },
        { what: 'tokens FP8, weights told', logged: 377456, within: 0.015, planned: weighing(14.28) },
        { what: 'tokens NVFP4, weights told', logged: 445875, within: 0.015, planned: weighing(12.02) },
      ]
    },
  },
  {
    id: 'V15',
    source: 'LMCache#3430',
    checks: () => {
      const base = {
        engine: 'vllm',
        engineVersion: '0.21.0',
        gpu: 23.53,
        maxModelLen: 16384,
        gpuMemoryUtilization: 0.9764,
      } as const
      const told = plan('qwen3-8b', { ...base, availableKvBytes: Math.round(6.37 * GiB) })
      const alone = plan('qwen3-8b', { ...base, overhead: { cudaGraphBytes: 0.52 * GiB } })
      return [
        { what: 'tokens', logged: 46368, within: 0.001, planned: told.kvTokens },
        { what: 'concurrency', logged: 2.83, within: 0.001, planned: told.maxConcurrency },
        { what: 'pool GiB, only graphs told', logged: 6.37, within: 0.015, planned: gib(alone.kvPoolBytes) },
      ]
    },
  },
  {
    id: 'V19',
    source: 'spark-vllm-docker#396',
    checks: () => {
      const at = (pool: number) =>
        plan('minimax-m2', {
          engine: 'vllm',
          engineVersion: '0.20.0',
          gpu: 'dgx-spark',
          tp: 2,
          maxModelLen: 196608,
          availableKvBytes: Math.round(pool * GiB),
        })
      return [
        { what: 'bytes per token', logged: 126976, planned: at(22.5).kvBytesPerToken },
        { what: 'one request GiB', logged: 23.25, planned: gib(at(22.5).kvBytesForOneSequence) },
        {
          what: 'longest at 22.5 GiB',
          logged: 190272,
          within: 0.0005,
          planned: at(22.5).maxModelLenThatFits,
        },
        { what: 'tokens at 28.74 GiB', logged: 240816, within: 0.015, planned: at(28.74).kvTokens },
        { what: 'fits at 22.5 GiB', logged: false, planned: at(22.5).fits },
      ]
    },
  },
  {
    id: 'V20',
    source: 'kaito#2132',
    checks: () => {
      const told = plan('mistral-small-4', {
        engine: 'vllm',
        engineVersion: '0.20.0',
        gpu: 'h100-nvl',
        maxModelLen: 1048576,
        availableKvBytes: Math.round(17.39 * GiB),
      })
      return [
        { what: 'bytes per token', logged: 23040, planned: told.kvBytesPerToken },
        { what: 'one request GiB', logged: 22.5, planned: gib(told.kvBytesForOneSequence) },
        { what: 'longest', logged: 810208, within: 0.0005, planned: told.maxModelLenThatFits },
      ]
    },
  },
  {
    id: 'V26',
    source: 'club-3090#1087',
    checks: () => {
      const base = {
        engine: 'vllm',
        engineVersion: '0.24.0',
        gpu: 31.4,
        tp: 2,
        gpuMemoryUtilization: 0.92,
        maxModelLen: 131072,
        weightsBytesPerGpu: Math.round(15.03 * GiB),
      } as const
      const told = plan('qwen3.6-27b', { ...base, overhead: { ...overhead(0, 1.59), cudaGraphBytes: 0 } })
      const alone = plan('qwen3.6-27b', {
        ...base,
        overhead: { nonTorchBytes: 0, cudaGraphBytes: 0.13 * GiB },
      })
      return [
        { what: 'pool GiB', logged: 12.26, within: 0.002, planned: gib(told.kvPoolBytes) },
        {
          what: 'activation and graphs GiB, not told',
          logged: 1.59,
          within: 0.07,
          planned: gib((alone.overheadBytes['activation'] ?? 0) + 0.13 * GiB),
        },
        {
          what: 'pool GiB, activation not told',
          logged: 12.26,
          within: 0.015,
          planned: gib(alone.kvPoolBytes),
        },
      ]
    },
  },
]
