import { byFlag, type ModelSettings, notTaken } from '../model-settings.ts'

/** Flags of trtllm-serve's documentation; nobody read which names a version has. */
export const modelSettings: ModelSettings = {
  chatTemplate: byFlag('--chat_template'),
  toolCallParser: byFlag('--tool_parser', []),
  reasoningParser: byFlag('--reasoning_parser', []),
  generationConfig: notTaken(
    'it reads generation_config.json in the folder of the model and no other',
    'put that file beside the model, or take vllm',
  ),
}
