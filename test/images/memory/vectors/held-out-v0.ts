import { GiB } from '../models.ts'
import { gib, plan, type Vector } from '../vector.ts'

/**
 * Boots of vLLM's first engine, looked up later. Their printed peaks (two digits) chose V0's term for hidden states;
 * H28 to H30 tell nothing but the card's memory.
 */
export const vectors: Vector[] = [
  {
    id: 'H17',
    source: 'Phi-4 in 4 bits on an H100, vLLM 0.6.5',
    checks: () => {
      const told = plan('phi-4', {
        engine: 'vllm',
        engineVersion: '0.6.5',
        gpu: 79.25,
        gpuMemoryUtilization: 0.15,
        maxModelLen: 2048,
        weightsBytesPerGpu: Math.round(8.5107 * GiB),
        overhead: { nonTorchBytes: 0.26 * GiB },
      })
      return [
        {
          what: 'activation GiB',
          logged: 0.94,
          within: 0.02,
          planned: gib(told.overheadBytes['activation'] ?? 0),
        },
        { what: 'blocks', logged: 715, within: 0.015, planned: told.kvBlocks },
        { what: 'CPU blocks', logged: 1310, planned: told.cpuBlocks ?? 0 },
      ]
    },
  },
  {
    id: 'H18',
    source: 'Qwen2.5-1.5B on a T4, vLLM 0.7.3',
    checks: () => {
      const told = plan('qwen2.5-1.5b', {
        engine: 'vllm',
        engineVersion: '0.7.3',
        gpu: 't4',
        dtype: 'float16',
        gpuMemoryUtilization: 0.5,
        maxModelLen: 32768,
        availableKvBytes: Math.round(2.3575 * GiB),
      })
      return [
        { what: 'limit GiB', logged: 7.28, within: 0.0005, planned: gib(told.limitBytes) },
        { what: 'weights GiB', logged: 2.8884, within: 0.002, planned: gib(told.weightsBytes) },
        { what: 'blocks', logged: 5517, steps: 1, planned: told.kvBlocks },
        { what: 'CPU blocks', logged: 9362, planned: told.cpuBlocks ?? 0 },
        { what: 'concurrency', logged: 2.69, within: 0.002, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H28',
    source: 'R1-Distill-Qwen-7B on a V100-32GB, vLLM 0.7',
    checks: () => {
      const alone = plan('qwen2.5-7b', {
        engine: 'vllm',
        engineVersion: '0.7.3',
        gpu: 'v100-32gb',
        dtype: 'float16',
        maxModelLen: 2048,
      })
      return [
        { what: 'limit GiB', logged: 28.57, within: 0.0005, planned: gib(alone.limitBytes) },
        {
          what: 'activation GiB',
          logged: 1.4,
          within: 0.005,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
        { what: 'pool GiB', logged: 12.8, within: 0.005, planned: gib(alone.kvPoolBytes) },
        { what: 'blocks', logged: 14984, within: 0.005, planned: alone.kvBlocks },
        { what: 'CPU blocks', logged: 4681, planned: alone.cpuBlocks ?? 0 },
        { what: 'concurrency', logged: 117.06, within: 0.005, planned: alone.maxConcurrency },
      ]
    },
  },
  {
    id: 'H29',
    source: 'Qwen2.5-Math-1.5B on an L4, vLLM 0.7.3',
    checks: () => {
      const alone = plan('qwen2.5-1.5b', {
        engine: 'vllm',
        engineVersion: '0.7.3',
        gpu: 22.06,
        maxModelLen: 4096,
      })
      return [
        { what: 'weights GiB', logged: 2.8797, within: 0.005, planned: gib(alone.weightsBytes) },
        { what: 'pool GiB', logged: 15.52, within: 0.005, planned: gib(alone.kvPoolBytes) },
        { what: 'blocks', logged: 36332, within: 0.005, planned: alone.kvBlocks },
        { what: 'CPU blocks', logged: 9362, planned: alone.cpuBlocks ?? 0 },
        { what: 'concurrency', logged: 141.92, within: 0.005, planned: alone.maxConcurrency },
      ]
    },
  },
  {
    id: 'H30',
    source: 'Qwen2.5-0.5B on a T4, vLLM 0.6.5',
    checks: () => {
      const alone = plan('qwen2.5-0.5b', {
        engine: 'vllm',
        engineVersion: '0.6.5',
        gpu: 't4',
        dtype: 'float16',
        maxModelLen: 32768,
      })
      return [
        { what: 'limit GiB', logged: 13.11, within: 0.001, planned: gib(alone.limitBytes) },
        { what: 'weights GiB', logged: 0.9276, within: 0.01, planned: gib(alone.weightsBytes) },
        {
          what: 'activation GiB',
          logged: 1.44,
          within: 0.015,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
        { what: 'blocks', logged: 58059, within: 0.015, planned: alone.kvBlocks },
        { what: 'CPU blocks', logged: 21845, planned: alone.cpuBlocks ?? 0 },
        { what: 'concurrency', logged: 28.35, within: 0.015, planned: alone.maxConcurrency },
      ]
    },
  },
]
