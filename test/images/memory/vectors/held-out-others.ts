import { findGpu } from '../../../../images/memory/gpus.ts'
import { factsOf, GiB } from '../models.ts'
import { planFor } from '../plan-for.ts'
import { allocated, gib, plan, type Vector } from '../vector.ts'

/** Logged cases of SGLang, TensorRT-LLM, llama.cpp and Ollama that were looked up later. H20 showed SGLang's rule of 2025. */
export const vectors: Vector[] = [
  {
    id: 'H19',
    source: 'Llama-3.1-8B on an H100, SGLang 0.4.1',
    checks: () => {
      const alone = plan('llama-3.1-8b', {
        engine: 'sglang',
        engineVersion: '0.4.1',
        gpu: 'h100',
        maxModelLen: 131072,
      })
      return [
        { what: 'pool GiB, nothing told', logged: 2 * 27.13, within: 0.002, planned: gib(alone.kvPoolBytes) },
        { what: 'tokens, nothing told', logged: 444500, within: 0.002, planned: alone.kvTokens },
      ]
    },
  },
  {
    id: 'H20',
    source: 'Llama-3.1-8B on a 24 GB card with 22.39 GiB free, SGLang 0.4.9',
    checks: () => {
      const result = planFor({
        facts: factsOf('llama-3.1-8b'),
        engine: 'sglang',
        engineVersion: '0.4.9',
        gpu: { ...findGpu('rtx-4090'), memoryBytes: Math.round(22.39 * GiB) },
        overhead: { nonTorchBytes: 0 },
        maxModelLen: 131072,
      })
      return [
        {
          what: 'tokens',
          logged: 38141,
          within: 0.01,
          planned: result.outcome === 'planned' && result.kvTokens,
        },
      ]
    },
  },
  {
    id: 'H21',
    source: 'Kimi-K2.5 on 8 cards, SGLang',
    checks: () => {
      const told = plan('deepseek-v3', {
        engine: 'sglang',
        gpu: 'mi355x',
        tp: 8,
        availableKvBytes: 2454421 * 70272,
      })
      return [
        { what: 'tokens', logged: 2454421, planned: told.kvTokens },
        { what: 'pool GiB', logged: 160.63, within: 0.0001, planned: gib(told.kvPoolBytes) },
      ]
    },
  },
  {
    id: 'H22',
    source: 'Llama-3.1-8B with an fp8 cache on a 32 GB card, TensorRT-LLM',
    checks: () => {
      const told = plan('llama-3.1-8b', {
        engine: 'tensorrt-llm',
        gpu: 'rtx-5090',
        kvCacheDtype: 'fp8',
        availableKvBytes: Math.round(0.9 * 17.837 * GiB),
      })
      return [
        { what: 'pool GiB', logged: 16.05, steps: 0.005, planned: gib(told.kvPoolBytes) },
        { what: 'blocks', logged: 8219, planned: told.kvBlocks },
        { what: 'tokens', logged: 263008, planned: told.kvTokens },
      ]
    },
  },
  {
    id: 'H23',
    source: 'R1-Distill-Llama-8B with blocks of 64, TensorRT-LLM',
    checks: () => {
      const told = plan('llama-3.1-8b', {
        engine: 'tensorrt-llm',
        gpu: 'h100',
        blockSize: 64,
        availableKvBytes: 3445 * 64 * 131072,
      })
      return [
        { what: 'pool GiB', logged: 26.91, steps: 0.005, planned: gib(told.kvPoolBytes) },
        { what: 'tokens', logged: 220480, planned: told.kvTokens },
      ]
    },
  },
  {
    id: 'H24',
    source: 'gpt-oss-20b at 131072, llama.cpp',
    checks: () => {
      const told = plan('gpt-oss-20b', { engine: 'llama-cpp', gpu: 'h100', maxModelLen: 131072 })
      return [
        { what: 'full MiB', logged: 3072, planned: allocated(told, 'full') },
        { what: 'window MiB', logged: 18, planned: allocated(told, 'window') },
      ]
    },
  },
  {
    id: 'H25',
    source: 'gemma-4-12b, 4 slots with one cache, llama.cpp',
    checks: () => {
      const told = plan('gemma-4-12b', {
        engine: 'llama-cpp',
        gpu: 'rtx-4090',
        maxModelLen: 8192,
        parallel: 4,
        unifiedKv: true,
        ubatch: 2048,
      })
      return [
        { what: 'full MiB', logged: 128, planned: allocated(told, 'full') },
        { what: 'window MiB', logged: 1920, planned: allocated(told, 'window') },
      ]
    },
  },
  {
    id: 'H26',
    source: 'gemma-4-e4b at 32768, Ollama',
    checks: () => {
      const told = plan('gemma-4-e4b', { engine: 'ollama', gpu: 'rtx-4090', maxModelLen: 32768 })
      return [
        { what: 'full MiB', logged: 512, planned: allocated(told, 'full') },
        { what: 'window MiB', logged: 40, planned: allocated(told, 'window') },
      ]
    },
  },
  {
    id: 'H27',
    source: 'an 8B of 36 layers at 8192 in f16 and q8_0, llama.cpp',
    checks: () => {
      const at = (kvCacheDtype: string) =>
        allocated(
          plan('qwen3-8b', { engine: 'llama-cpp', gpu: 'rtx-4090', maxModelLen: 8192, kvCacheDtype }),
          'full',
        )
      return [
        { what: 'f16 MiB', logged: 1152, planned: at('f16') },
        { what: 'q8_0 MiB', logged: 612, planned: at('q8_0') },
      ]
    },
  },
]
