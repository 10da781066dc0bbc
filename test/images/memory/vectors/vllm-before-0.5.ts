import { GiB, MiB } from '../models.ts'
import { mib, plan, type Vector } from '../vector.ts'

export const vectors: Vector[] = [
  {
    id: 'V21',
    source: 'vllm#5248',
    checks: () => {
      const told = plan('deepseek-coder-6.7b', {
        engine: 'vllm',
        engineVersion: '0.4.3',
        gpu: 't4',
        tp: 2,
        dtype: 'float16',
        maxModelLen: 4096,
        availableKvBytes: 507 * 4 * MiB + 100,
      })
      return [
        { what: 'bytes of a block', logged: 4 * MiB, planned: told.kvBlockBytes },
        { what: 'blocks', logged: 507, planned: told.kvBlocks },
        { what: 'CPU blocks', logged: 1024, planned: told.cpuBlocks ?? 0 },
      ]
    },
  },
  {
    id: 'V22',
    source: 'vllm#2136',
    checks: () => {
      const told = plan('codellama-13b', {
        engine: 'vllm',
        engineVersion: '0.2.4',
        gpu: 'rtx-4090',
        tp: 2,
        dtype: 'float16',
        gpuMemoryUtilization: 0.95,
        swapSpaceBytes: 8 * GiB,
        maxModelLen: 16384,
        availableKvBytes: 1464 * 6553600,
      })
      return [
        { what: 'bytes of a block', logged: 6553600, planned: told.kvBlockBytes },
        { what: 'blocks', logged: 1464, planned: told.kvBlocks },
        { what: 'CPU blocks', logged: 1310, planned: told.cpuBlocks ?? 0 },
      ]
    },
  },
  {
    id: 'V23',
    source: 'vllm#3120',
    checks: () => {
      const told = plan('opt-125m', {
        engine: 'vllm',
        engineVersion: '0.3.2',
        gpu: 'a40',
        maxModelLen: 2048,
        availableKvBytes: 76240 * 589824,
      })
      return [
        { what: 'bytes of a block', logged: 589824, planned: told.kvBlockBytes },
        { what: 'blocks', logged: 76240, planned: told.kvBlocks },
        { what: 'CPU blocks', logged: 7281, planned: told.cpuBlocks ?? 0 },
        {
          what: 'weights MiB (printed MB), not told',
          logged: 244.61,
          steps: 0.01,
          planned: mib(told.weightsBytes),
        },
      ]
    },
  },
]
