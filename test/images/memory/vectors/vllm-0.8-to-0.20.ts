import { GiB } from '../models.ts'
import { gib, plan, type Vector } from '../vector.ts'

export const vectors: Vector[] = [
  {
    id: 'V2',
    source: 'vllm#17122',
    // The log tells neither the utilisation nor the batch, so the pool is given, as in the note.
    checks: () => {
      const given = plan('llama-3.1-8b', {
        engine: 'vllm',
        engineVersion: '0.8.4',
        gpu: 'l40s',
        maxModelLen: 32768,
        availableKvBytes: Math.round(19.367 * GiB),
        weightsBytes: 16060522496,
      })
      return [
        { what: 'weights GiB', logged: 14.9889, within: 0.0001, planned: gib(given.weightsBytes) },
        { what: 'tokens', logged: 158656, steps: 16, planned: given.kvTokens },
        { what: 'concurrency', logged: 4.84, within: 0.001, planned: given.maxConcurrency },
        {
          what: 'pool GiB',
          logged: 19.367,
          within: 0.0001,
          planned: gib(given.kvTokens * given.kvBytesPerToken),
        },
      ]
    },
  },
  {
    id: 'V4',
    source: 'vllm#21348',
    checks: () => {
      const base = { gpu: 'h100', tp: 4, maxModelLen: 40960 } as const
      const vllm = plan('qwen3-235b-a22b', {
        ...base,
        engine: 'vllm',
        engineVersion: '0.9.2',
        availableKvBytes: Math.round(8.11 * GiB),
      })
      const sglang = plan('qwen3-235b-a22b', { ...base, engine: 'sglang', availableKvBytes: 367404 * 48128 })
      return [
        { what: 'bytes per token', logged: 48128, planned: vllm.kvBytesPerToken },
        { what: 'vLLM tokens', logged: 178880, within: 0.015, planned: vllm.kvTokens },
        { what: 'SGLang tokens', logged: 367404, planned: sglang.kvTokens },
        { what: 'SGLang K GiB', logged: 8.23, within: 0.001, planned: gib(sglang.kvPoolBytes) / 2 },
      ]
    },
  },
  {
    id: 'V7',
    source: 'vllm#15871',
    checks: () => {
      const mla = plan('deepseek-v2-lite', {
        engine: 'vllm',
        engineVersion: '0.8.2',
        gpu: 'a100-80gb',
        maxModelLen: 32768,
        availableKvBytes: GiB,
      })
      return [
        { what: 'bytes per token', logged: 31104, planned: mla.kvBytesPerToken },
        { what: 'one request GiB', logged: 0.9492, within: 0.0001, planned: gib(mla.kvBytesForOneSequence) },
      ]
    },
  },
  {
    id: 'V11',
    source: 'hf-mem#60',
    checks: () => {
      const hybrid = plan('gpt-oss-120b', {
        engine: 'vllm',
        engineVersion: '0.11.0',
        gpu: 'h100',
        maxModelLen: 131072,
        maxNumBatchedTokens: 8192,
        availableKvBytes: Math.round(9798.5 * 589824),
      })
      return [
        { what: 'blocks', logged: 9798, steps: 1, planned: hybrid.kvBlocks },
        { what: 'tokens', logged: 78384, planned: hybrid.kvTokens },
        { what: 'bytes of a block over 18 layers', logged: 18 * 32 * 1024, planned: hybrid.kvBlockBytes },
      ]
    },
  },
  {
    id: 'V16',
    source: 'gpustack#1897',
    checks: () => {
      const told = plan('llama-3.1-70b', {
        engine: 'vllm',
        engineVersion: '0.8.5',
        gpu: 'rtx-4090',
        tp: 8,
        maxModelLen: 8192,
        availableKvBytes: 6665 * 16 * 40960,
      })
      return [
        { what: 'bytes per token', logged: 40960, planned: told.kvBytesPerToken },
        { what: 'tokens', logged: 106640, planned: told.kvTokens },
        { what: 'concurrency', logged: 13.02, within: 0.001, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'V17',
    source: 'vllm#16118',
    checks: () => {
      const told = plan('llama-4-scout', {
        engine: 'vllm',
        engineVersion: '0.8.3',
        gpu: 'h100',
        tp: 8,
        maxModelLen: 1048576,
        availableKvBytes: Math.round(9.97 * GiB),
      })
      return [
        { what: 'bytes per token', logged: 24576, planned: told.kvBytesPerToken },
        { what: 'one request GiB', logged: 24, planned: gib(told.kvBytesForOneSequence) },
        { what: 'fits', logged: false, planned: told.fits },
      ]
    },
  },
  {
    id: 'V18',
    source: 'vllm#25350',
    checks: () => {
      const at = (pool: number) =>
        plan('qwen3-30b-a3b', {
          engine: 'vllm',
          engineVersion: '0.10.2',
          gpu: 'rtx-5090',
          kvCacheDtype: 'fp8',
          maxModelLen: 221000,
          availableKvBytes: Math.round(pool * GiB),
        })
      return [
        { what: 'bytes per token', logged: 49152, planned: at(10.55).kvBytesPerToken },
        { what: 'tokens at 10.55 GiB', logged: 230528, within: 0.0005, planned: at(10.55).kvTokens },
        {
          what: 'one request GiB',
          logged: 10.12,
          within: 0.0005,
          planned: gib(at(10.55).kvBytesForOneSequence),
        },
        { what: 'longest at 5.59 GiB', logged: 122080, within: 0.001, planned: at(5.59).maxModelLenThatFits },
        { what: 'fits at 10.55 GiB', logged: true, planned: at(10.55).fits },
        { what: 'fits at 5.59 GiB', logged: false, planned: at(5.59).fits },
      ]
    },
  },
  {
    id: 'V24',
    source: 'vllm#27508, #23278',
    checks: () => {
      const base = { engine: 'vllm', gpu: 79.11, maxModelLen: 131072 } as const
      const high = plan('gpt-oss-120b', {
        ...base,
        engineVersion: '0.11.0',
        gpuMemoryUtilization: 0.95,
        maxNumBatchedTokens: 1024,
      })
      const low = plan('gpt-oss-120b', { ...base, engineVersion: '0.10.1' })
      return [
        { what: 'weights GiB', logged: 65.9651, within: 0.002, planned: gib(high.weightsBytes) },
        { what: 'pool GiB at 0.95, nothing told', logged: 1.71, steps: 0.1, planned: gib(high.kvPoolBytes) },
        {
          what: 'pool GiB at defaults, nothing told',
          logged: -2.14,
          steps: 0.1,
          planned: gib(low.kvPoolBytes),
        },
        { what: 'fits at 0.95', logged: false, planned: high.fits },
        { what: 'fits at defaults', logged: false, planned: low.fits },
      ]
    },
  },
]
