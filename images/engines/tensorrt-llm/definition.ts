import semver from 'semver'
import { inPackages } from '../../slim-rules/rule.ts'
import type { EngineDefinition } from '../engine.ts'
import { pythonShell, versionCommandOf } from '../python-environment.ts'
import { command, doubts, environment, help, quantizations, refusals } from './command.ts'
import { imports } from './imports.ts'
import { memory } from './memory.ts'
import { memoryFlags } from './memory-flags.ts'
import { modelSettings } from './model-settings.ts'
import { parts } from './parts.ts'
import { behaviour } from './probes.ts'
import { reserved } from './reserved.ts'
import { rules, wheels } from './slimming.ts'

/**
 * TensorRT-LLM with its PyTorch backend, from NVIDIA's image (no usable wheel). The backend of built engines is gone
 * upstream (#16612), so none is made here. The image falls under NVIDIA's terms: see before publishing what derives from it.
 */
export const tensorrtLlm = {
  id: 'tensorrt-llm',
  title: 'TensorRT-LLM',
  use: 'NVIDIA GPUs from Ampere on',
  nicknames: ['trtllm'],
  port: 8000,
  formats: ['safetensors'],
  tasks: [['chat', 'completion']],
  weights: { type: 'files' },
  parts,
  modelSettings,
  shell: pythonShell,
  runtimes: [
    {
      kind: 'upstream',
      device: 'cuda',
      version: '1.2.1',
      source: {
        type: 'upstream',
        base: 'nvcr.io/nvidia/tensorrt-llm/release:1.2.1',
        versionCommand: versionCommandOf('tensorrt_llm'),
      },
      // NVIDIA's table says 590.44.01; 580 by minor-version compatibility is unconfirmed, and so is Ampere as the floor.
      gpu: { cuda: '13.1', minCapability: 8.0, minDriver: '580' },
      slimming: { rules },
    },
  ],
  versionOf: (text) => semver.coerce(text)?.version ?? null,
  refusals,
  doubts,
  command,
  help,
  environment,
  reserved,
  behaviour,
  apiKey: null,
  healthPath: '/health',
  ownStart: { seconds: 600, source: 'an estimate: autotuning and CUDA graphs' },
  // Statistics of iterations, as its executor writes them.
  gauges: {
    form: 'iterations',
    path: () => '/metrics',
    cacheShare: [['kvCacheStats.usedNumBlocks', 'kvCacheStats.maxNumBlocks']],
    preemptions: [],
    running: ['numActiveRequests'],
    waiting: ['numQueuedRequests'],
  },
  machines: null,
  memory,
  quantizations,
  memoryFlags,
  sharedMemory: { sizeBytes: 1024 ** 3, source: "NCCL's guide" },
  wheels,
  imports,
  suggestion: { version: '>=1.2 <1.3', rank: 3, packsTo: null },
  enginePaths: [
    '/usr/local/lib/python3*/dist-packages/{tensorrt_llm,tensorrt_llm-*}/**',
    '/app/tensorrt_llm/**',
  ],
  traces: {
    paths: [
      ...inPackages('tensorrt_llm*{,/**}'),
      '/app/tensorrt_llm/**',
      '/{bin,usr/bin,usr/local/bin}/trtllm-*',
    ],
    distributions: ['tensorrt-llm'],
    packages: [],
  },
} satisfies EngineDefinition
