import { parsePythonJson } from '../../lib/python-json.ts'
import { factsFromConfig } from '../../recipes/model-facts/config.ts'
import { isConfig } from '../../recipes/model-facts/config-value.ts'
import { type SafetensorsHeader, tensorsOfHeader, withTensors } from '../../recipes/model-facts/tensors.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import { ModelReaderError } from './error.ts'

/** Text of the files that describe a model, and the headers of its weights; undefined for what is not there. */
export interface ModelFiles {
  /** Names the model in messages. */
  label: string
  configText: string | undefined
  /** ModelOpt writes its quantisation beside the configuration. */
  quantText: string | undefined
  headers: readonly SafetensorsHeader[]
}

/** Facts of a model in the layout of transformers. Throws `no-model` without a configuration, `bad-config` for a broken one. */
export function factsFromFiles(files: ModelFiles): ModelFacts {
  if (files.configText === undefined)
    throw new ModelReaderError('no-model', {
      attempted: `read ${files.label}`,
      found: 'it has no config.json and no .gguf file',
      hint: 'name a folder or repository of a model, or give --config FILE and --weights-bytes N',
    })
  const config = parseObject(files.configText, `config.json of ${files.label}`)
  const quant =
    files.quantText === undefined ? undefined : parseObject(files.quantText, 'hf_quant_config.json')
  const whole =
    config['quantization_config'] || !quant ? config : { ...config, quantization_config: modelOpt(quant) }
  return withTensors(factsFromConfig(whole), files.headers.flatMap(tensorsOfHeader))
}

function modelOpt(quant: Readonly<Record<string, unknown>>) {
  const inner = quant['quantization']
  return { quant_method: 'modelopt', ...(isConfig(inner) ? inner : {}) }
}

function parseObject(text: string, what: string): Readonly<Record<string, unknown>> {
  try {
    const value = parsePythonJson(text)
    if (isConfig(value)) return value
  } catch (cause) {
    throw badConfig(what, 'it is not JSON', cause)
  }
  throw badConfig(what, 'it is not a JSON object')
}

function badConfig(what: string, found: string, cause?: unknown): ModelReaderError {
  return new ModelReaderError('bad-config', {
    attempted: `read ${what}`,
    found,
    hint: 'get the file again from where the model came from',
    cause,
  })
}

/** Only what an index names counts; without one, every safetensors file but the duplicates of other formats. */
export function isWeightShard(name: string): boolean {
  return name.endsWith('.safetensors') && !/^consolidated|^adapter_|\//.test(name)
}

/** Shard names of an index file, each once. */
export function shardsOfIndex(text: string, label: string): string[] {
  const map = parseObject(text, `the index of ${label}`)['weight_map']
  if (!isConfig(map)) throw badConfig(`the index of ${label}`, 'it has no weight_map')
  return [...new Set(Object.values(map).map(String))].sort()
}
