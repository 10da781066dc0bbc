import semver from 'semver'
import type { Behaviour } from '../../boot/probe.ts'
import type { SlimRule } from '../../slim-rules/slimming.ts'
import { answered, type BadInputTable, sourced, unconfirmed } from '../bad-input.ts'
import type { Deployment, EngineDefinition, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals, type QuantizationSupport } from '../gpu-support.ts'
import { textProbe } from '../openai-probes.ts'
import { healthPage, openAiBehaviour, usualRefusals, versionProbe } from '../openai-server.ts'
import { pythonEnvironment, pythonRules, pythonShell, versionCommandOf } from '../python-environment.ts'
import { formatRefusals } from '../refusals.ts'
import { servingOptions, unsupportedKeys } from '../serving-keys.ts'
import { tensorrtLlmReserved } from './reserved.ts'

const rules: readonly SlimRule[] = [
  ...pythonRules,
  {
    id: 'tensorrt-llm-source-tree',
    risk: 'safe',
    paths: ['/app/tensorrt_llm/{examples,benchmarks,docs,tests}/**', '/workspace/**'],
    reason: 'examples and benchmarks beside the package',
  },
  {
    id: 'ngc-tools',
    risk: 'feature',
    paths: [
      '/opt/nvidia/nsight-*/**',
      '/usr/local/cuda*/nsight-*/**',
      '/opt/pytorch/**',
      '/usr/local/share/jupyter/**',
    ],
    reason: 'profilers, notebooks and sources of NVIDIA’s development image',
  },
]

/** A statement about the checkpoint, whose own configuration decides; the numbers are general knowledge, unconfirmed. */
const quantizations: QuantizationSupport = { fp8: 8.9, nvfp4: 10.0, awq: 8.0, w4a16_awq: 8.0, w4a8_awq: 8.9 }

/**
 * TensorRT-LLM with its PyTorch backend, from NVIDIA's image (no usable wheel). The backend of built engines is gone
 * upstream (#16612), so none is made here. The image falls under NVIDIA's terms: see before publishing what derives from it.
 */
export const tensorrtLlm = {
  id: 'tensorrt-llm',
  title: 'TensorRT-LLM',
  port: 8000,
  formats: ['safetensors'],
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
  command,
  environment,
  reserved: tensorrtLlmReserved,
  enginePaths: [
    '/usr/local/lib/python3*/dist-packages/{tensorrt_llm,tensorrt_llm-*}/**',
    '/app/tensorrt_llm/**',
  ],
  behaviour,
} satisfies EngineDefinition

function refusals(deployment: Deployment): Refusal[] {
  return [
    ...formatRefusals(deployment, tensorrtLlm.title, tensorrtLlm.formats),
    ...gpuRefusals(deployment, quantizations),
    ...unsupportedKeys(deployment, {
      dtype: 'TensorRT-LLM takes the type of the checkpoint; leave dtype at auto',
      maxInputTokens: 'the limit of prompts is part of contextLength here',
      kvCacheDtype:
        'it is set in a YAML file for --extra_llm_api_options: mount one and name it in extraArguments',
    }),
  ]
}

function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  return [
    // The path of the script is unconfirmed; NGC's images install scripts there.
    ...['/usr/local/bin/trtllm-serve', deployment.modelPath],
    ...['--backend', 'pytorch'],
    ...['--served_model_name', model.name],
    ...['--host', '0.0.0.0', '--port', String(deployment.port)],
    ...servingOptions(deployment, {
      contextLength: '--max_seq_len',
      parallelism: '--max_batch_size',
      maxPrefillTokens: '--max_num_tokens',
      tensorParallel: '--tp_size',
      gpuMemoryUtilization: '--kv_cache_free_gpu_memory_fraction',
    }),
    ...serving.extraArguments,
  ]
}

function environment(deployment: Deployment): Record<string, string> {
  return {
    ...pythonEnvironment(deployment),
    ...gpuEnvironment(deployment.runtime.device),
    // On by default, and off by itself under CI, where it would never be noticed (TensorRT-LLM#12384).
    TRTLLM_NO_USAGE_STATS: '1',
    // Where OpenMPI keeps the files of its session (unconfirmed; /tmp is its default).
    OMPI_MCA_orte_tmpdir_base: '/tmp',
  }
}

function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    pages: [
      healthPage,
      textProbe(
        {
          id: 'health-generate',
          group: 'native',
          title: 'the health page that generates a token answers',
          path: '/health_generate',
        },
        ['Generation health check OK'],
      ),
    ],
    native: [
      versionProbe(),
      // JSON statistics of iterations; Prometheus is at /prometheus/metrics, and only with return_perf_metrics.
      textProbe({ id: 'metrics', group: 'metrics', title: 'statistics are on', path: '/metrics' }, []),
    ],
    badInput,
    failureLines: ['Traceback (most recent call last)', 'uid not found'],
    stop: { signal: 'SIGTERM', timeoutSeconds: 60, exitCodes: [0] },
  })
}

const badInput: BadInputTable = {
  // Validation answers with a text; faults the server finds itself are flat objects.
  ...usualRefusals(sourced, [{ at: 'error', rule: 'text' }]),
  'unknown-model': unconfirmed(200, answered),
  'prompt-too-long': unconfirmed(400),
  'negative-max-tokens': unconfirmed(400),
}
