import { GiB, MiB } from '../models.ts'
import { gib, overhead, plan, type Vector } from '../vector.ts'

export const vectors: Vector[] = [
  {
    id: 'V1',
    source: 'vllm#10511',
    checks: () => {
      const v0 = {
        engine: 'vllm',
        engineVersion: '0.6.5',
        gpu: 79.22,
        maxModelLen: 8192,
        gpuMemoryUtilization: 0.9,
      } as const
      const one = plan('llama-3-8b', { ...v0, overhead: overhead(1.79, 1.26), weightsBytes: 16060522496 })
      const two = plan('llama-3-8b', {
        ...v0,
        tp: 2,
        overhead: overhead(3.58, 1.26),
        weightsBytes: 16060522496,
      })
      const alone = plan('llama-3-8b', { ...v0, weightsBytes: 16060522496 })
      return [
        { what: 'weights TP1 GiB', logged: 14.96, within: 0.0005, planned: gib(one.weightsBytes) },
        { what: 'weights TP2 GiB', logged: 7.48, within: 0.0005, planned: gib(two.weightsBytes) },
        { what: 'pool TP1 GiB', logged: 53.288, within: 0.0001, planned: gib(one.kvPoolBytes) },
        { what: 'pool TP2 GiB', logged: 58.978, within: 0.0002, planned: gib(two.kvPoolBytes) },
        {
          what: 'activation GiB, not told',
          logged: 1.26,
          within: 0.015,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
      ]
    },
  },
  {
    id: 'V3',
    source: 'vllm#10517',
    checks: () => {
      const base = {
        engine: 'vllm',
        engineVersion: '0.6.4',
        gpu: 23.58,
        gpuMemoryUtilization: 0.9,
        weightsBytes: 16060522496,
      } as const
      const short = plan('llama-3.1-8b', {
        ...base,
        maxModelLen: 20000,
        overhead: { nonTorchBytes: 0.35 * GiB },
      })
      const long = plan('llama-3.1-8b', {
        ...base,
        maxModelLen: 29000,
        overhead: { nonTorchBytes: 0.35 * GiB },
      })
      const logged = plan('llama-3.1-8b', { ...base, maxModelLen: 29000, availableKvBytes: 1478 * 2 * MiB })
      const bare = plan('llama-3.1-8b', { ...base, maxModelLen: 29000 })
      return [
        { what: 'bytes of a block', logged: 2 * MiB, planned: short.kvBlockBytes },
        { what: 'blocks at 20000', logged: 1952, within: 0.005, planned: short.kvBlocks },
        { what: 'blocks at 29000', logged: 1478, within: 0.005, planned: long.kvBlocks },
        {
          what: 'activation at 20000 GiB',
          logged: 2.07,
          within: 0.015,
          planned: gib(short.overheadBytes['activation'] ?? 0),
        },
        {
          what: 'activation at 29000 GiB',
          logged: 2.99,
          within: 0.015,
          planned: gib(long.overheadBytes['activation'] ?? 0),
        },
        { what: 'CPU blocks', logged: 2048, planned: short.cpuBlocks ?? 0 },
        { what: 'concurrency at 20000', logged: 1.56, within: 0.005, planned: short.maxConcurrency },
        { what: 'tokens that are stored', logged: 23648, planned: logged.maxModelLenThatFits },
        { what: '20000 fits', logged: true, planned: short.fits },
        { what: '29000 fits', logged: false, planned: long.fits },
        { what: '29000 fits, nothing told', logged: false, planned: bare.fits },
      ]
    },
  },
  {
    id: 'V5',
    source: 'vllm#13061',
    checks: () => {
      const base = {
        engine: 'vllm',
        engineVersion: '0.7.2',
        gpu: 'rtx-4090',
        tp: 2,
        gpuMemoryUtilization: 0.98,
        maxModelLen: 131072,
      } as const
      const given = plan('qwen2.5-14b', { ...base, availableKvBytes: Math.round(7.465 * GiB) })
      const alone = plan('qwen2.5-14b', base)
      return [
        { what: 'weights GiB, not told', logged: 13.9476, within: 0.0005, planned: gib(alone.weightsBytes) },
        { what: 'bytes per token', logged: 98304, planned: given.kvBytesPerToken },
        { what: 'longest', logged: 81536, steps: 16, planned: given.maxModelLenThatFits },
        { what: 'fits', logged: false, planned: given.fits },
        { what: 'fits, nothing told', logged: false, planned: alone.fits },
        {
          what: 'pool of the poorer rank GiB, nothing told',
          logged: 7.465,
          within: 0.015,
          planned: gib(alone.kvPoolBytes),
        },
      ]
    },
  },
  {
    id: 'V6',
    source: 'vllm#11251',
    checks: () => {
      const told = plan('llama-3-8b', {
        engine: 'vllm',
        engineVersion: '0.6.4',
        gpu: 'v100-16gb',
        tp: 2,
        dtype: 'float16',
        gpuMemoryUtilization: 0.9,
        maxModelLen: 40000,
        weightsBytesPerGpu: Math.round(7.51 * GiB),
        overhead: { nonTorchBytes: 0.39 * GiB },
      })
      return [
        { what: 'bytes of a block', logged: MiB, planned: told.kvBlockBytes },
        {
          what: 'activation GiB',
          logged: 2.53,
          within: 0.015,
          planned: gib(told.overheadBytes['activation'] ?? 0),
        },
        { what: 'blocks', logged: 3852, within: 0.015, planned: told.kvBlocks },
        { what: 'CPU blocks', logged: 4096, planned: told.cpuBlocks ?? 0 },
        { what: 'concurrency', logged: 1.54, within: 0.015, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'V9',
    source: 'vllm#16570',
    checks: () => {
      const base = {
        engine: 'vllm',
        engineVersion: '0.7.3',
        gpu: 'a100-40gb-pcie',
        tp: 4,
        gpuMemoryUtilization: 0.95,
        maxModelLen: 8192,
        maxNumSeqs: 2,
        weightsBytesPerGpu: Math.round(34.43 * GiB),
      } as const
      const told = plan('qwen2.5-vl-72b', { ...base, overhead: overhead(0.43, 2.51) })
      const alone = plan('qwen2.5-vl-72b', base)
      return [
        { what: 'pool GiB', logged: 0.041, steps: 0.01, planned: gib(told.kvPoolBytes) },
        { what: 'fits', logged: false, planned: told.fits },
        { what: 'fits, nothing told', logged: false, planned: alone.fits },
        {
          what: 'activation GiB, not told',
          logged: 2.51,
          within: 0.05,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
      ]
    },
  },
  {
    id: 'V10',
    source: 'vllm#13882',
    checks: () => {
      const base = {
        engine: 'vllm',
        engineVersion: '0.7.3',
        gpu: 'rtx-4060',
        gpuMemoryUtilization: 0.7,
        maxModelLen: 4096,
      } as const
      const alone = plan('qwen2.5-7b-int4', base)
      const told = plan('qwen2.5-7b-int4', {
        ...base,
        weightsBytesPerGpu: Math.round(5.2032 * GiB),
        overhead: overhead(0.03, 1.42),
      })
      return [
        { what: 'weights GiB', logged: 5.2032, within: 0.015, planned: gib(alone.weightsBytes) },
        {
          what: 'activation GiB',
          logged: 1.42,
          within: 0.015,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
        { what: 'pool GiB', logged: -1.05, within: 0.01, planned: gib(told.kvPoolBytes) },
        { what: 'CPU blocks', logged: 4681, planned: alone.cpuBlocks ?? 0 },
        { what: 'fits', logged: false, planned: alone.fits },
      ]
    },
  },
  {
    id: 'V12',
    source: 'vllm#12126',
    checks: () => {
      const told = plan('llama-3.2-11b-vision', {
        engine: 'vllm',
        engineVersion: '0.6.6',
        gpu: 'h100',
        maxModelLen: 65536,
        maxNumSeqs: 128,
        enforceEager: true,
        availableKvBytes: Math.round(14.65 * GiB),
      })
      const alone = plan('llama-3.2-11b-vision', {
        engine: 'vllm',
        engineVersion: '0.6.6',
        gpu: 'h100',
        maxModelLen: 65536,
        maxNumSeqs: 128,
        maxNumBatchedTokens: 65536,
        enforceEager: true,
        weightsBytesPerGpu: Math.round(19.86 * GiB),
      })
      return [
        { what: 'bytes per token', logged: 163840, planned: told.kvBytesPerToken },
        { what: 'blocks', logged: 6001, steps: 1, planned: told.kvBlocks },
        { what: 'CPU blocks', logged: 1638, planned: told.cpuBlocks ?? 0 },
        {
          what: 'activation GiB, not told',
          logged: 36.63,
          within: 0.04,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
      ]
    },
  },
]
