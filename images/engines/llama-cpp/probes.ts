import semver from 'semver'
import type { Behaviour, GpuRules, HttpProbe } from '../../boot/probe.ts'
import { answered, type BadInputTable, measured, nestedError, sourced, unconfirmed } from '../bad-input.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import { metricsPage, openAiBehaviour } from '../openai-server.ts'
import { driversOf } from '../vulkan-drivers.ts'
import { gpuLayersOf } from './command.ts'
import { stopAlone, stopByInit } from './stop.ts'

export function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    pages: [health(deployment.engine)],
    native: [completion, metrics],
    badInput: badInput(deployment.version),
    failureLines: ['error loading model', 'failed to load model', 'error while loading shared libraries'],
    gpu: {
      ...offloadLines(gpuLayersOf(deployment)),
      probes: [],
      ...(deployment.runtime.device === 'vulkan' ? vulkanRules(deployment) : {}),
    },
    stop: deployment.init.length > 0 ? stopByInit : stopAlone,
  })
}

/**
 * `load_tensors: offloaded 33/33 layers to GPU`: fewer than all leave the rest to the CPU, unless the recipe asks for fewer. A
 * build without a device says that none was found.
 */
function offloadLines(asked: string | null): { cpuLines: string[]; gpuLines: string[] } {
  const none = 'no usable GPU found'
  if (asked === null || !/^[1-9]\d*$/.test(asked))
    return {
      cpuLines: ['offloaded (\\d+)/(?!\\1\\b)\\d+ layers', none],
      gpuLines: ['offloaded (\\d+)/\\1 layers to GPU'],
    }
  // More than the model has are all of them.
  const reached = `offloaded (${asked}/\\d+|(\\d+)/\\2) layers to GPU`
  return { cpuLines: [`offloaded (?!${asked}/)(\\d+)/(?!\\1\\b)\\d+ layers`, none], gpuLines: [reached] }
}

/** `load_tensors:      Vulkan0 model buffer size =    92.10 MiB`, and the same of cache and computation. */
function vulkanRules({ recipe, gpu }: Deployment): Partial<GpuRules> {
  return {
    deviceLine: 'using device (?<device>Vulkan\\d+ \\(.*\\)) \\(',
    bufferLines: '(?<device>Vulkan\\d+) +\\w+ buffer size = +(?<mib>[\\d.]+) MiB',
    ...(driversOf(recipe, gpu).includes('software') ? { software: softwareDevice } : {}),
  }
}

const softwareDevice = {
  variables: { GGML_VK_VISIBLE_DEVICES: '0' },
  source: 'ggml leaves a device of type CPU alone unless it is named (measured, 0.7.0)',
}

function health({ healthPath }: Deployment['engine']): HttpProbe {
  return nativeProbe(
    { id: 'health', title: 'the health page says ok', request: { method: 'GET', path: healthPath } },
    [{ at: 'status', rule: 'equals', value: 'ok' }],
  )
}

const completion = nativeProbe(
  {
    id: 'completion',
    title: 'the native completion answers and counts tokens',
    request: {
      method: 'POST',
      path: '/completion',
      body: { prompt: 'Once upon a time', n_predict: 8, temperature: 0 },
    },
  },
  [
    { at: 'content', rule: 'text' },
    { at: 'stop', rule: 'equals', value: true },
    { at: 'tokens_evaluated', rule: 'positive' },
  ],
)

const metrics = metricsPage(['llamacpp:prompt_tokens_total', 'llamacpp:tokens_predicted_total'])

/** Release 0.7.0 answers 400 (measured with Debian's package); numbered builds up to b11243 were seen to answer 500. */
function badInput(version: string): BadInputTable {
  const malformed = semver.major(version) >= 1000 ? 500 : 400
  return {
    'malformed-json': measured(malformed, nestedError),
    'missing-field': measured(400, nestedError),
    'empty-body': unconfirmed(malformed, nestedError),
    'unknown-model': sourced(200, answered),
    'prompt-too-long': measured(400, [
      ...nestedError,
      { at: 'error.type', rule: 'equals', value: 'exceed_context_size_error' },
    ]),
    'negative-max-tokens': {
      type: 'not-asked',
      reason: 'it means no limit here: the answer ends with the context',
    },
    'wrong-method': measured(404, nestedError),
    'unknown-path': unconfirmed(404, nestedError),
  }
}
