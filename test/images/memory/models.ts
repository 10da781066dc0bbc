import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import type { ModelFacts } from '../../../recipes/model-facts.ts'
import configs from './configs.json' with { type: 'json' }

/** Only the fields that matter of public configurations, with the numbers of the models' own config.json. */
export type ModelName = keyof typeof configs

export const modelNames = Object.keys(configs) as ModelName[]

export function factsOf(name: ModelName): ModelFacts {
  return factsFromConfig(configs[name])
}

export const GiB = 1024 ** 3
export const MiB = 1024 ** 2
