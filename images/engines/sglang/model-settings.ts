import { byFlag, type ModelSettings, notTaken } from '../model-settings.ts'
import { reasoningParsers, toolCallParsers } from './names.ts'

/** Flags of SGLang 0.5.23's own list. */
export const modelSettings: ModelSettings = {
  chatTemplate: byFlag('--chat-template'),
  toolCallParser: byFlag('--tool-call-parser', toolCallParsers),
  reasoningParser: byFlag('--reasoning-parser', reasoningParsers),
  generationConfig: notTaken(
    'it reads generation_config.json in the folder of the model and no other',
    'put that file beside the model, or take vllm',
  ),
}
