import semver from 'semver'
import type { Behaviour, HttpProbe } from '../../boot/probe.ts'
import type { SlimRule } from '../../slim-rules/slimming.ts'
import { answered, type BadInputTable, sourced, unconfirmed } from '../bad-input.ts'
import type { Deployment, EngineDefinition, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals, type QuantizationSupport } from '../gpu-support.ts'
import { nativeProbe } from '../openai-probes.ts'
import { healthPage, metricsPage, openAiBehaviour } from '../openai-server.ts'
import { pythonEnvironment, pythonRules, pythonShell } from '../python-environment.ts'
import { formatRefusals } from '../refusals.ts'
import { servingOptions, unsupportedKeys } from '../serving-keys.ts'
import { tgiReserved } from './reserved.ts'

/** uv's Python, on which the router's libpython and the environment's links depend (tgi#3082). */
const rootPython = '/root/.local/share/uv/python'
const movedPython = '/opt/uv/python'

const rules: readonly SlimRule[] = [
  ...pythonRules,
  {
    id: 'tgi-build',
    risk: 'safe',
    paths: [
      '/usr/local/bin/text-generation-benchmark',
      '/usr/bin/{uv,uvx}',
      '/usr/src/server/{tests,Makefile*}/**',
    ],
    reason: 'benchmark, installer and tests of the source tree',
  },
]

/** From the launcher's own list. Kernels of the image are built for 8.0, 8.6 and 9.0; fp8 runs by Marlin on Ampere. */
const quantizations: QuantizationSupport = {
  awq: 8.0,
  'compressed-tensors': 8.0,
  eetq: 8.0,
  exl2: 8.0,
  gptq: 8.0,
  marlin: 8.0,
  fp8: 8.0,
  bitsandbytes: 8.0,
  'bitsandbytes-nf4': 8.0,
  'bitsandbytes-fp4': 8.0,
}

/**
 * Text Generation Inference, archived at 3.3.7 with known CVEs: for what runs on it today. Only from its image. Read in
 * its source at db931fc.
 */
export const tgi = {
  id: 'tgi',
  title: 'TGI',
  // The image says 80 and the program 3000. 80 takes a runtime that lets any user bind it, as Docker does.
  port: 8080,
  formats: ['safetensors'],
  shell: pythonShell,
  runtimes: [
    {
      kind: 'upstream',
      device: 'cuda',
      version: '3.3.7',
      source: {
        type: 'upstream',
        base: 'ghcr.io/huggingface/text-generation-inference:3.3.7',
        versionCommand: ['/usr/local/bin/text-generation-launcher', '--version'],
        moves: [{ from: rootPython, to: movedPython }],
      },
      gpu: { cuda: '12.4', minCapability: 8.0, minDriver: '525' },
      slimming: { rules },
    },
  ],
  versionOf: (text) => semver.coerce(text)?.version ?? null,
  refusals,
  command,
  environment,
  reserved: tgiReserved,
  enginePaths: ['/usr/local/bin/text-generation-*', '/usr/src/server/**', '/kernels/**'],
  behaviour,
} satisfies EngineDefinition

function refusals(deployment: Deployment): Refusal[] {
  const { contextLength, maxInputTokens } = deployment.recipe.serving
  return [
    ...formatRefusals(deployment, tgi.title, tgi.formats),
    ...gpuRefusals(deployment, quantizations),
    ...unsupportedKeys(
      deployment,
      deployment.recipe.serving.dtype === 'float32' ? { dtype: 'TGI computes in float16 or bfloat16' } : {},
    ),
    ...(contextLength !== undefined && maxInputTokens !== undefined && maxInputTokens >= contextLength
      ? [
          {
            path: 'serving.maxInputTokens',
            found: `prompts of ${maxInputTokens} tokens leave nothing of ${contextLength}`,
            hint: 'set maxInputTokens below contextLength: TGI ends at start otherwise',
          },
        ]
      : []),
  ]
}

function command(deployment: Deployment): string[] {
  const { serving } = deployment.recipe
  return [
    '/usr/local/bin/text-generation-launcher',
    ...['--model-id', deployment.modelPath],
    // HOSTNAME, which container runtimes set to the container's id, would be taken for the address.
    ...['--hostname', '0.0.0.0', '--port', String(deployment.port)],
    ...['--num-shard', String(serving.tensorParallel)],
    ...servingOptions(deployment, {
      dtype: '--dtype',
      quantization: '--quantize',
      kvCacheDtype: '--kv-cache-dtype',
      maxInputTokens: '--max-input-tokens',
      contextLength: '--max-total-tokens',
      maxPrefillTokens: '--max-batch-prefill-tokens',
      parallelism: '--max-batch-size',
      gpuMemoryUtilization: '--cuda-memory-fraction',
    }),
    ...serving.extraArguments,
  ]
}

function environment(deployment: Deployment): Record<string, string> {
  const hubCache =
    deployment.recipe.weights.delivery === 'hf-cache' ? deployment.modelFolder : '/tmp/huggingface/hub'
  return {
    ...pythonEnvironment(deployment),
    ...gpuEnvironment(deployment.runtime.device),
    // The launcher starts text-generation-server by name; the image's script activates the environment for that.
    VIRTUAL_ENV: '/usr/src/.venv',
    PATH: '/usr/src/.venv/bin:/usr/local/nvidia/bin:/usr/local/cuda/bin:/usr/local/bin:/usr/bin:/bin',
    LD_LIBRARY_PATH: `/usr/local/nvidia/lib:/usr/local/nvidia/lib64:${movedPython}/cpython-3.11.11-linux-x86_64-gnu/lib`,
    USAGE_STATS: 'off',
    HUGGINGFACE_HUB_CACHE: hubCache,
    HF_KERNELS_CACHE: '/kernels',
    EXLLAMA_NO_FLASH_ATTN: '1',
  }
}

function behaviour(deployment: Deployment): Behaviour {
  const { modelPath } = deployment
  return openAiBehaviour(deployment, {
    // A name other than `tgi` is taken for an adapter and repeated; only `tgi` is answered with the model that is loaded.
    asked: 'tgi',
    answered: modelPath,
    pages: [healthPage],
    native: [info(modelPath), generate, generateStream, metricsPage(['tgi_'])],
    badInput,
    failureLines: [
      'failed to start',
      'Shard complete standard error output:',
      'Download encountered an error',
      'Webserver Crashed',
    ],
    // The launcher gives its router GRACEFUL_TERMINATION_TIMEOUT, 90 s; an idle one ends at once.
    stop: { signal: 'SIGTERM', timeoutSeconds: 95, exitCodes: [0] },
  })
}

const flatError = [
  { at: 'error', rule: 'text' },
  { at: 'error_type', rule: 'equals', value: 'validation' },
] as const

const badInput: BadInputTable = {
  'malformed-json': unconfirmed(400),
  'missing-field': unconfirmed(422),
  'empty-body': unconfirmed(400),
  // An adapter nobody loaded is index 0, the model itself (server/…/flash_causal_lm.py).
  'unknown-model': sourced(200, answered),
  'prompt-too-long': sourced(422, flatError),
  'negative-max-tokens': unconfirmed(422),
  'wrong-method': sourced(405, null),
  'unknown-path': sourced(404, null),
}

function info(modelPath: string): HttpProbe {
  return nativeProbe(
    { id: 'info', title: 'the server names its model and limits', request: { method: 'GET', path: '/info' } },
    [
      { at: 'model_id', rule: 'equals', value: modelPath },
      { at: 'version', rule: 'text' },
      { at: 'max_total_tokens', rule: 'positive' },
    ],
  )
}

const inputs = { inputs: 'The capital of France is', parameters: { max_new_tokens: 8 } }

const generate = nativeProbe(
  {
    id: 'generate',
    title: 'the native endpoint answers',
    request: { method: 'POST', path: '/generate', body: inputs },
  },
  [{ at: 'generated_text', rule: 'text' }],
)

const generateStream: HttpProbe = {
  id: 'generate-stream',
  group: 'native',
  title: 'the native stream arrives in pieces and has no end marker',
  required: true,
  request: { method: 'POST', path: '/generate_stream', body: inputs },
  expect: { type: 'event-stream', status: 200, endMarker: null, textAt: ['token.text'] },
  timeoutSeconds: 120,
}
