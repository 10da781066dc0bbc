import { byFlag, type ModelSettings } from '../model-settings.ts'
import { reasoningParsers, toolCallParsers } from './names.ts'

/** Flags of vLLM 0.33.0's own list; without the second one its parser of calls is not asked. */
export const modelSettings: ModelSettings = {
  chatTemplate: byFlag('--chat-template'),
  toolCallParser: byFlag('--tool-call-parser', toolCallParsers, ['--enable-auto-tool-choice']),
  reasoningParser: byFlag('--reasoning-parser', reasoningParsers),
  generationConfig: byFlag('--generation-config'),
}
