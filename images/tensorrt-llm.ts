import semver from 'semver'
import { answered, type BadInputTable, badInputProbes, sourced, unconfirmed } from './bad-input.ts'
import type { Deployment, EngineDefinition, Refusal } from './engine.ts'
import { gpuEnvironment, gpuRefusals, type QuantizationSupport } from './gpu-support.ts'
import {
  chatProbe,
  chatStreamProbe,
  completionsProbe,
  generatedTokenProbe,
  modelsProbe,
  nativeProbe,
  textProbe,
} from './openai-probes.ts'
import type { Behaviour } from './probe.ts'
import { pythonEnvironment, pythonRules, pythonShell } from './python-environment.ts'
import { formatRefusals, option, unsupportedKeys } from './refusals.ts'
import type { SlimRule } from './slimming.ts'

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
        versionCommand: [
          '/usr/bin/python3',
          '-c',
          'import importlib.metadata as m; print(m.version("tensorrt_llm"))',
        ],
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
    ...option('--max_seq_len', serving.contextLength),
    ...(serving.parallelism > 1 ? ['--max_batch_size', String(serving.parallelism)] : []),
    ...option('--max_num_tokens', serving.maxPrefillTokens),
    ...(serving.tensorParallel > 1 ? ['--tp_size', String(serving.tensorParallel)] : []),
    ...option('--kv_cache_free_gpu_memory_fraction', serving.gpuMemoryUtilization),
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

function behaviour({ recipe }: Deployment): Behaviour {
  const model = recipe.model.name
  const contextLength = recipe.serving.contextLength ?? 4096
  return {
    readiness: generatedTokenProbe(model, recipe.verify.startTimeoutSeconds),
    probes: [
      textProbe({ id: 'health', group: 'native', title: 'the health page answers', path: '/health' }, []),
      textProbe(
        {
          id: 'health-generate',
          group: 'native',
          title: 'the health page that generates a token answers',
          path: '/health_generate',
        },
        ['Generation health check OK'],
      ),
      modelsProbe(model),
      chatProbe(model),
      chatStreamProbe(model),
      completionsProbe(model),
      version,
      // JSON statistics of iterations; Prometheus is at /prometheus/metrics, and only with return_perf_metrics.
      textProbe({ id: 'metrics', group: 'metrics', title: 'statistics are on', path: '/metrics' }, []),
      ...badInputProbes(badInput, { model, contextLength }),
    ],
    failureLines: ['Traceback (most recent call last)', 'uid not found'],
    stop: { signal: 'SIGTERM', timeoutSeconds: 60, exitCodes: [0] },
    ask: { path: '/v1/chat/completions', bodyFor: 'openai-chat', textAt: 'choices.0.message.content' },
  }
}

/** Validation answers with a text; faults the server finds itself are flat objects. */
const validationError = [{ at: 'error', rule: 'text' }] as const

const badInput: BadInputTable = {
  'malformed-json': sourced(400, validationError),
  'missing-field': sourced(400, validationError),
  'empty-body': sourced(400, validationError),
  'unknown-model': unconfirmed(200, answered),
  'prompt-too-long': unconfirmed(400),
  'negative-max-tokens': unconfirmed(400),
  'wrong-method': sourced(405, null),
  'unknown-path': sourced(404, null),
}

const version = nativeProbe(
  { id: 'version', title: 'the server says its version', request: { method: 'GET', path: '/version' } },
  [{ at: 'version', rule: 'text' }],
)
