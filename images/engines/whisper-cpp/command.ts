import { isGgmlModel } from '../../../recipes/weight-names.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { option, unsupportedKeys } from '../serving-keys.ts'
import { transcriptionPath } from '../transcription-probes.ts'

export function refusals(deployment: Deployment): Refusal[] {
  return [
    ...modelRefusals(deployment),
    ...gpuRefusals(deployment, null),
    ...unsupportedKeys(deployment, {
      contextLength: 'a Whisper model hears 30 s at a time, whatever the length of a recording; leave it out',
      parallelism: 'one recording is heard after the other; start more containers',
      dtype: 'the types of a ggml file are fixed in the file; leave dtype at auto',
      quantization: 'the quantisation of a ggml file is fixed; choose the file with `include`',
      kvCacheDtype: 'it has no such setting; leave it out',
      gpuMemoryUtilization: 'it computes on the CPU; leave it out',
      maxInputTokens: 'a recording has no tokens; leave it out',
      maxPrefillTokens: 'a recording has no tokens; leave it out',
      tensorParallel: 'it computes on the CPU; leave it out',
    }),
  ]
}

function modelRefusals({ files }: Deployment): Refusal[] {
  const models = files.filter(({ path }) => isGgmlModel(path))
  if (models.length === 1) return []
  const names = files.slice(0, 6).map(({ path }) => path)
  return [
    {
      path: 'weights.source',
      found:
        models.length === 0
          ? `no ggml-*.bin of a model among ${names.join(', ')}`
          : `${models.length} models: ${models.map(({ path }) => path).join(', ')}`,
      hint:
        models.length === 0
          ? 'whisper.cpp loads Whisper models in the form of ggml, which its own converters write'
          : 'choose one with `include`, such as ["ggml-base.en.bin"]',
    },
  ]
}

/** Measured with 1.9.5: nothing switches the route off, and it knows no key. */
export function doubts(): string[] {
  return [
    'whisper-server lets everybody who reaches its port load another file (POST /load): a path that is not there makes its health page 404 from then on, and a file that is no model ends it; let only a proxy reach it that passes /v1/audio/transcriptions and /health',
  ]
}

export function command({ recipe, files, modelPath, port }: Deployment): string[] {
  const model = files.find(({ path }) => isGgmlModel(path))?.path
  return [
    '/usr/bin/whisper-server',
    ...option('--model', model && `${modelPath}/${model}`),
    ...['--host', '0.0.0.0', '--port', String(port)],
    // By itself it answers under /inference, where no client of OpenAI's asks.
    ...['--inference-path', transcriptionPath],
    ...recipe.serving.extraArguments,
  ]
}

export function help(): string[] {
  return ['/usr/bin/whisper-server', '--help']
}

export function environment({ runtime }: Deployment): Record<string, string> {
  return { ...gpuEnvironment(runtime.device), XDG_CACHE_HOME: '/tmp/cache' }
}
