import { customGpu, findGpu } from '../../../images/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import type { MemoryRequest } from '../../../images/memory/request.ts'
import type { PlannedMemory } from '../../../images/memory/result.ts'
import { factsOf, GiB, MiB, type ModelName } from './models.ts'

/** One number of a log and how near the plan must come. */
export interface Check {
  what: string
  logged: number | boolean
  /** Allowed relative error; 0 is exact, absent means exact. */
  within?: number
  /** Logs round: a whole number of steps is allowed, such as one block of a printed 0.01 GiB. */
  steps?: number
  planned: number | boolean
}

export interface Vector {
  id: string
  source: string
  checks: () => Check[]
}

/** Options of a plan with the model by name; the GPU is the catalogue's unless the log shows another total. */
export function plan(
  model: ModelName,
  options: Omit<MemoryRequest, 'facts' | 'gpu'> & { gpu: string | number },
): PlannedMemory {
  const { gpu, ...rest } = options
  const card = typeof gpu === 'string' ? findGpu(gpu) : customGpu('logged', Math.round(gpu * GiB))
  const result = planMemory({ facts: factsOf(model), gpu: card, ...rest })
  if (result.outcome === 'planned') return result
  throw new Error(`cannot tell: ${result.missing.join(', ')}`)
}

const overhead = (nonTorch: number, activation: number) => ({
  nonTorchBytes: nonTorch * GiB,
  activationBytes: activation * GiB,
})

const gib = (bytes: number) => bytes / GiB
const mib = (bytes: number) => bytes / MiB

const allocated = (result: PlannedMemory, kind: string) =>
  mib(
    result.kvLayers
      .filter((layer) => layer.kind === kind)
      .reduce((sum, layer) => sum + (layer.allocatedBytes ?? 0), 0),
  )

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
          within: 0.035,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
      ]
    },
  },
  {
    id: 'V2',
    source: 'vllm#17122',
    checks: () => {
      const given = plan('llama-3.1-8b', {
        engine: 'vllm',
        engineVersion: '0.8.4',
        gpu: 'l40s',
        maxModelLen: 32768,
        availableKvBytes: Math.round(19.367 * GiB),
        weightsBytes: 16060522496,
      })
      const alone = plan('llama-3.1-8b', {
        engine: 'vllm',
        engineVersion: '0.8.4',
        gpu: 'l40s',
        maxModelLen: 32768,
        weightsBytes: 16060522496,
      })
      return [
        { what: 'weights GiB', logged: 14.9889, within: 0.0001, planned: gib(given.weightsBytes) },
        { what: 'tokens', logged: 158656, steps: 16, planned: given.kvTokens },
        { what: 'concurrency', logged: 4.84, within: 0.001, planned: given.maxConcurrency },
        { what: 'pool GiB, nothing told', logged: 19.367, within: 0.035, planned: gib(alone.kvPoolBytes) },
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
      const alone = plan('qwen2.5-14b', { ...base, weightsBytesPerGpu: Math.round(13.9476 * GiB) })
      return [
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
          within: 0.025,
          planned: gib(alone.overheadBytes['activation'] ?? 0),
        },
        { what: 'pool GiB', logged: -1.05, within: 0.01, planned: gib(told.kvPoolBytes) },
        { what: 'CPU blocks', logged: 4681, planned: alone.cpuBlocks ?? 0 },
        { what: 'fits', logged: false, planned: alone.fits },
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
      return [
        { what: 'block tokens', logged: 784, planned: at(491).kvBlockTokens },
        { what: 'blocks of one request', logged: 341, planned: at(491).blocksForOneSequence },
        { what: 'tokens FP8', logged: 377456, planned: at(491).kvTokens },
        { what: 'tokens NVFP4', logged: 445875, planned: at(580).kvTokens },
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
        { what: 'pool GiB, only graphs told', logged: 6.37, within: 0.03, planned: gib(alone.kvPoolBytes) },
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
          what: 'weights MB (printed MiB or GiB)',
          logged: 244.61,
          within: 0.05,
          planned: mib(told.weightsBytes),
        },
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
        { what: 'pool GiB at 0.95, nothing told', logged: 1.71, steps: 0.2, planned: gib(high.kvPoolBytes) },
        {
          what: 'pool GiB at defaults, nothing told',
          logged: -2.14,
          steps: 0.2,
          planned: gib(low.kvPoolBytes),
        },
        { what: 'fits at 0.95', logged: false, planned: high.fits },
        { what: 'fits at defaults', logged: false, planned: low.fits },
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
