import { engines } from '../../../images/engines/engines.ts'
import { type ModelOffer, type OfferedFile, weightsSets } from '../../../images/init/offer.ts'
import type { GgufFacts } from '../../../recipes/lock.ts'
import { sumOf } from '../../../recipes/model-facts.ts'
import { factsOf, type ModelName } from '../memory/models.ts'

const chatml =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"

/** Bytes of the weights as the configuration counts them. */
export function bytesOf(name: ModelName): number {
  const { parameters, quantization } = factsOf(name)
  if (parameters === null) throw new Error(`the parameters of ${name} are not counted`)
  return Math.round((sumOf(parameters) * (quantization?.bitsPerWeight ?? 16)) / 8)
}

/** A repository of transformers, as the Hub lists it. */
export function folderOffer(name: ModelName, more: Partial<ModelOffer> = {}): ModelOffer {
  return offerOf(
    name,
    [
      { path: 'config.json', sizeBytes: 700 },
      { path: 'model.safetensors', sizeBytes: bytesOf(name) },
      { path: 'tokenizer.json', sizeBytes: 9e6 },
    ],
    more,
  )
}

/** A repository of one model in several quantisations; `bits` by name of the type. */
export function ggufOffer(name: ModelName, bits: Readonly<Record<string, number>>): ModelOffer {
  const weights = bytesOf(name) / 16
  const files = Object.entries(bits).map(([type, width]) => ({
    path: `${name}-${type}.gguf`,
    sizeBytes: Math.round(weights * width),
  }))
  return offerOf(name, files)
}

export function offerOf(
  name: ModelName,
  files: readonly OfferedFile[],
  more: Partial<ModelOffer> = {},
): ModelOffer {
  const facts = factsOf(name)
  const parameterCount = Math.round(bytesOf(name) / 2)
  return {
    asked: `acme/${name}`,
    modelName: `acme/${name}`,
    source: { type: 'huggingface', repo: `acme/${name}` },
    license: 'apache-2.0',
    isGated: false,
    choices: weightsSets(files, engines).map((set) => ({
      ...set,
      facts: set.gguf === undefined ? facts : ofGguf(facts, set.sizeBytes),
      header: set.gguf === undefined ? null : headerOf(set.gguf, parameterCount),
    })),
    ...more,
  }
}

function ofGguf(facts: ReturnType<typeof factsOf>, totalBytes: number): ReturnType<typeof factsOf> {
  return {
    ...facts,
    source: 'gguf',
    quantization: null,
    weights: { totalBytes, byRole: { dense: totalBytes }, byDtype: {} },
  }
}

function headerOf(path: string, parameterCount: number): GgufFacts {
  return {
    architecture: 'llama',
    parameterCount,
    fileType: /-([A-Z0-9_]+)\.gguf$/.exec(path)?.[1] ?? null,
    chatTemplate: chatml,
    bosToken: '<|im_start|>',
    eosToken: '<|im_end|>',
  }
}
