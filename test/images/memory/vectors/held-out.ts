import { GiB } from '../models.ts'
import { gib, plan, type Vector } from '../vector.ts'

/** Logged cases that are not in the reference note. H5 was known when the sampler's 12 bytes were chosen, the others were not used. */
export const vectors: Vector[] = [
  {
    id: 'H1',
    source: 'mitchross/talos-argocd-proxmox#1995',
    checks: () => {
      const told = plan('qwen3.6-27b', {
        engine: 'vllm',
        engineVersion: '0.25.0',
        gpu: 'rtx-3090',
        tp: 2,
        kvCacheDtype: 'fp8_e4m3',
        prefixCaching: true,
        maxModelLen: 131072,
        availableKvBytes: Math.round(4.99 * GiB),
      })
      const weighing = plan('qwen3.6-27b', {
        engine: 'vllm',
        engineVersion: '0.25.0',
        gpu: 'rtx-3090',
        tp: 2,
        kvCacheDtype: 'fp8_e4m3',
        maxModelLen: 131072,
        maxNumSeqs: 2,
        maxNumBatchedTokens: 8192,
        // The same checkpoint as in V14.
        weightsBytesPerGpu: Math.round(14.28 * GiB),
      })
      return [
        { what: 'pool GiB, weights told', logged: 4.99, within: 0.015, planned: gib(weighing.kvPoolBytes) },
        { what: 'block tokens', logged: 1568, planned: told.kvBlockTokens },
        { what: 'tokens', logged: 302921, planned: told.kvTokens },
        { what: 'concurrency', logged: 2.31, within: 0.001, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H2',
    source: 'vllm#26646',
    checks: () => {
      const told = plan('qwen3-next-80b', {
        engine: 'vllm',
        engineVersion: '0.11.0',
        gpu: 'rtx-3090',
        tp: 2,
        kvCacheDtype: 'fp8',
        maxModelLen: 215040,
        availableKvBytes: 339 * 12 * 1072 * 512,
      })
      return [
        { what: 'tokens', logged: 90048, planned: told.kvTokens },
        { what: 'concurrency', logged: 1.66, within: 0.002, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H3',
    source: 'sglang#18039',
    checks: () => {
      const pool = 375360 * 9 * 640 + 300288 * 39 * 1280
      const told = plan('mimo-v2-flash', {
        engine: 'sglang',
        gpu: 'h200',
        tp: 4,
        blockSize: 64,
        maxModelLen: 65536,
        availableKvBytes: pool,
      })
      return [
        { what: 'tokens of full layers', logged: 375360, planned: told.kvTokens },
        {
          what: 'windowed pool GiB',
          logged: 8.38 + 5.59,
          within: 0.001,
          planned: gib(0.8 * told.kvTokens * 39 * 1280),
        },
      ]
    },
  },
  {
    id: 'H4',
    source: 'vllm#21489',
    checks: () => {
      const told = plan('gemma-3-4b', {
        engine: 'vllm',
        engineVersion: '0.10.1',
        gpu: 'b200',
        gpuMemoryUtilization: 0.9,
      })
      return [
        { what: 'limit GiB', logged: 160.53, within: 0.0005, planned: gib(told.limitBytes) },
        {
          what: 'activation GiB, not told',
          logged: 9.96,
          within: 0.02,
          planned: gib(told.overheadBytes['activation'] ?? 0),
        },
      ]
    },
  },
  {
    id: 'H5',
    source: 'an H100 log of October 2026 (0.92 of 79.25 GiB, Llama-3.1-8B)',
    checks: () => {
      const told = plan('llama-3.1-8b', {
        engine: 'vllm',
        engineVersion: '0.30.0',
        gpu: 79.25,
        maxNumSeqs: 1024,
        maxNumBatchedTokens: 8192,
      })
      return [
        {
          what: 'weights and non-torch GiB',
          logged: 15.26,
          within: 0.005,
          planned: gib(told.weightsBytes + (told.overheadBytes['nonTorch'] ?? 0)),
        },
        { what: 'pool GiB, nothing told', logged: 56.21, within: 0.015, planned: gib(told.kvPoolBytes) },
        { what: 'tokens, nothing told', logged: 460496, within: 0.015, planned: told.kvTokens },
      ]
    },
  },
]
