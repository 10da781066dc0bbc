import { byFlag, type ChatNames, type ModelSettings, notTaken } from '../model-settings.ts'
import { reasoningParsers, toolCallParsers } from './names.ts'

/** By the tables of its pages tool_parser and separate_reasoning, at commit 27d1b7f. */
const callParsers: ChatNames = {
  mistral: 'mistral',
  'llama3-json': 'llama3',
  'llama4-pythonic': 'pythonic',
  'qwen-xml': 'qwen3_coder',
  'hermes-json': 'qwen',
  'glm4.5': 'glm45',
  'glm4.7': 'glm47',
  'kimi-k2': 'kimi_k2',
  'minimax-m2': 'minimax-m2',
  gemma4: 'gemma4',
  harmony: 'gpt-oss',
  'deepseek-v3.1': 'deepseekv31',
}

const reasoningNames: ChatNames = {
  mistral: 'mistral',
  'deepseek-r1': 'deepseek-r1',
  qwen3: 'qwen3',
  'glm4.5': 'glm45',
  'kimi-k2': 'kimi_k2',
  'minimax-m2': 'minimax',
  harmony: 'gpt-oss',
  nemotron3: 'nemotron_3',
}

/** Flags of SGLang 0.5.23's own list. */
export const modelSettings: ModelSettings = {
  chatTemplate: byFlag('--chat-template'),
  toolCallParser: byFlag('--tool-call-parser', toolCallParsers, [], callParsers),
  reasoningParser: byFlag('--reasoning-parser', reasoningParsers, [], reasoningNames),
  generationConfig: notTaken(
    'it reads generation_config.json in the folder of the model and no other',
    'put that file beside the model, or take vllm',
  ),
}
