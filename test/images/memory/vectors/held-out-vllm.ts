import { GiB } from '../models.ts'
import { gib, plan, type Vector } from '../vector.ts'

/** The draft head (MTP) of Qwen3.6-27B on two cards: 17 attention layers and longer convolutions. */
function withDraft(engineVersion: string, pool: number) {
  return plan('qwen3.6-27b', {
    engine: 'vllm',
    engineVersion,
    gpu: 'rtx-3090',
    tp: 2,
    dtype: 'float16',
    kvCacheDtype: 'fp8_e5m2',
    prefixCaching: true,
    speculativeTokens: 3,
    maxModelLen: 262144,
    availableKvBytes: pool,
  })
}

const draftBlockBytes = 17 * 1600 * 1024

/**
 * Logged cases that were looked up later and run as they are printed; pools are given where no budget is. H6 to H8 showed
 * that the draft head has a cache; the others were right at once.
 */
export const vectors: Vector[] = [
  {
    id: 'H6',
    source: 'club-3090#642',
    checks: () => {
      const told = withDraft('0.24.0', 426 * draftBlockBytes)
      return [
        { what: 'pool GiB', logged: 11.05, steps: 0.005, planned: gib(told.kvPoolBytes) },
        { what: 'block tokens', logged: 1600, planned: told.kvBlockTokens },
        { what: 'tokens', logged: 623873, planned: told.kvTokens },
        { what: 'concurrency', logged: 2.38, within: 0.001, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H7',
    source: 'club-3090#594',
    checks: () => {
      const told = withDraft('0.24.0', Math.round(5.33 * GiB))
      return [
        { what: 'tokens', logged: 300220, planned: told.kvTokens },
        { what: 'concurrency', logged: 1.15, within: 0.005, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H8',
    source: 'club-3090#91, #294, #295',
    checks: () =>
      [619479, 622408, 620944].map((logged, index) => ({
        what: `tokens of boot ${index + 1}`,
        logged,
        planned: withDraft('0.20.1', ([423, 425, 424][index] ?? 0) * draftBlockBytes).kvTokens,
      })),
  },
  {
    id: 'H9',
    source: 'a boot of Qwen3-8B on an RTX A6000, vLLM 0.15',
    checks: () => {
      const alone = plan('qwen3-8b', {
        engine: 'vllm',
        engineVersion: '0.15.0',
        gpu: 47.37,
        maxModelLen: 40960,
      })
      return [
        { what: 'weights GiB', logged: 15.27, within: 0.0005, planned: gib(alone.weightsBytes) },
        {
          what: 'activation GiB',
          logged: 1.4,
          within: 0.01,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
        { what: 'pool GiB, nothing told', logged: 25.94, within: 0.015, planned: gib(alone.kvPoolBytes) },
      ]
    },
  },
  {
    id: 'H10',
    source: 'the text model of llava-v1.6-mistral-7b, vLLM 0.10.2',
    checks: () => {
      const told = plan('mistral-7b', {
        engine: 'vllm',
        engineVersion: '0.10.2',
        gpu: 79.19,
        maxModelLen: 4096,
        availableKvBytes: 59212694937,
      })
      return [
        { what: 'tokens', logged: 451744, planned: told.kvTokens },
        { what: 'concurrency', logged: 110.29, within: 0.0001, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H11',
    source: 'Llama-3.3-70B-FP8 on one H100',
    checks: () => {
      const at = (maxModelLen: number) =>
        plan('llama-3.1-70b', {
          engine: 'vllm',
          engineVersion: '0.14.0',
          gpu: 'h100',
          kvCacheDtype: 'fp8',
          maxModelLen,
          availableKvBytes: Math.round(5.113 * GiB),
        })
      return [
        { what: 'tokens', logged: 33504, planned: at(32000).kvTokens },
        { what: 'concurrency', logged: 1.05, within: 0.005, planned: at(32000).maxConcurrency },
        { what: 'one request GiB', logged: 20, planned: gib(at(131072).kvBytesForOneSequence) },
        { what: '131072 fits', logged: false, planned: at(131072).fits },
      ]
    },
  },
  {
    id: 'H12',
    source: 'Qwen2.5-7B-AWQ on an H200, vLLM 0.31',
    checks: () => {
      const told = plan('qwen2.5-7b', {
        engine: 'vllm',
        engineVersion: '0.31.0',
        gpu: 'h200',
        maxModelLen: 4096,
        availableKvBytes: 40719 * 917504,
      })
      return [
        { what: 'pool GiB', logged: 34.79, steps: 0.005, planned: gib(told.kvPoolBytes) },
        { what: 'tokens', logged: 651504, planned: told.kvTokens },
        { what: 'concurrency', logged: 159.06, within: 0.0001, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H13',
    source: 'Ministral-3-14B on two cards, vLLM 0.12',
    checks: () => {
      const told = plan('ministral-3-14b', {
        engine: 'vllm',
        engineVersion: '0.12.0',
        gpu: 'a100-80gb',
        tp: 2,
        maxModelLen: 100000,
        availableKvBytes: Math.round(52.361 * GiB),
      })
      return [
        { what: 'tokens', logged: 686320, steps: 16, planned: told.kvTokens },
        { what: 'concurrency', logged: 6.86, within: 0.001, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H14',
    source: 'Qwen3.5-2B, vLLM before 0.20',
    checks: () => {
      const told = plan('qwen3.5-2b', {
        engine: 'vllm',
        engineVersion: '0.19.0',
        gpu: 'rtx-4090',
        maxModelLen: 262144,
        availableKvBytes: Math.round(5.95 * GiB),
      })
      return [
        { what: 'tokens', logged: 129472, planned: told.kvTokens },
        { what: 'concurrency', logged: 1.97, within: 0.001, planned: told.maxConcurrency },
      ]
    },
  },
  {
    id: 'H15',
    source: 'Qwen3-Next-80B with half-precision states, vLLM since 0.21',
    checks: () => {
      const told = plan('qwen3-next-80b', {
        engine: 'vllm',
        engineVersion: '0.24.0',
        gpu: 'rtx-5090',
        prefixCaching: true,
        mambaSsmDtype: 'float16',
        maxModelLen: 65536,
        availableKvBytes: Math.round(5.854 * GiB),
      })
      return [{ what: 'tokens', logged: 242534, steps: 517, planned: told.kvTokens }]
    },
  },
  {
    id: 'H16',
    source: 'vllm#43308, Gemma-4-31B with about 50 GB for the cache',
    checks: () => {
      const at = (engineVersion: string) =>
        plan('gemma-4-31b', {
          engine: 'vllm',
          engineVersion,
          gpu: 'a100-80gb',
          maxModelLen: 131072,
          availableKvBytes: 50 * GiB,
        }).kvTokens
      return [
        { what: 'about 55k tokens in 0.20.0', logged: 55000, within: 0.015, planned: at('0.20.0') },
        { what: 'about 525k tokens in 0.21.0', logged: 525000, within: 0.015, planned: at('0.21.0') },
      ]
    },
  },
]
