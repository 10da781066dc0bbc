import { isConfig } from './config-value.ts'
import type { SafetensorsHeader } from './tensors.ts'

/** Keys whose value is a repository that loading gets weights from: Ultravox's two, and the towers of LLaVA's first form. */
const weightKeys = ['audio_model_id', 'text_model_id', 'mm_vision_tower', 'mm_audio_tower']

/** As the Hub has them: one slash, and neither a path of a machine nor one of the folder. */
const repository = /^\w[\w.-]*\/\w[\w.-]*$/

/**
 * Repositories other than the model's own that an engine gets weights from when it loads a model with this configuration. A
 * speculator names the model that it drafts for, and is served as that model (vLLM's `maybe_override_with_speculators`).
 */
export function namedWeights(config: unknown): string[] {
  if (!isConfig(config)) return []
  const speculators = config['speculators_config']
  const verifier = isConfig(speculators) ? speculators['verifier'] : undefined
  const names = [
    ...weightKeys.map((key) => config[key]),
    isConfig(verifier) ? verifier['name_or_path'] : undefined,
  ]
  return [...new Set(names.filter((name) => typeof name === 'string'))]
    .filter((name) => repository.test(name))
    .sort()
}

/** Files in which AutoGPTQ and AutoAWQ said how they had packed, before config.json did. */
export const packingFiles = ['quantize_config.json', 'quant_config.json'] as const

/** Whether tensors are packed as GPTQ and AWQ pack them while the configuration says nothing of it. */
export function isPackedUntold(config: unknown, headers: readonly SafetensorsHeader[]): boolean {
  const isTold = isConfig(config) && isConfig(config['quantization_config'])
  return !isTold && headers.some((header) => Object.keys(header).some((name) => name.endsWith('.qweight')))
}
