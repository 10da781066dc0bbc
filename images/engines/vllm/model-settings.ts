import { byFlag, type ChatNames, type ModelSettings } from '../model-settings.ts'
import { reasoningParsers, toolCallParsers } from './names.ts'

/** By the page tool_calling of its documentation, at commit 0064cc9; NVIDIA's model card names the parser of Nemotron 3. */
const callParsers: ChatNames = {
  mistral: 'mistral',
  'llama3-json': 'llama3_json',
  'llama4-pythonic': 'llama4_pythonic',
  'qwen-xml': 'qwen3_xml',
  'hermes-json': 'hermes',
  granite3: 'granite',
  granite4: 'granite4',
  'glm4.5': 'glm45',
  'glm4.7': 'glm47',
  'kimi-k2': 'kimi_k2',
  'minimax-m2': 'minimax_m2',
  seed: 'seed_oss',
  gemma4: 'gemma4',
  harmony: 'openai',
  'deepseek-v3.1': 'deepseek_v31',
  jamba: 'jamba',
}

/** By the page reasoning_outputs, at commit 00256d5; of MiniMax's two parsers the one that takes reasoning out of the answer. */
const reasoningNames: ChatNames = {
  mistral: 'mistral',
  'deepseek-r1': 'deepseek_r1',
  qwen3: 'qwen3',
  'glm4.5': 'glm45',
  'kimi-k2': 'kimi_k2',
  'minimax-m2': 'minimax_m2',
  seed: 'seed_oss',
  harmony: 'openai_gptoss',
  nemotron3: 'nemotron_v3',
}

/** Templates of its examples/ that the same page recommends in place of the model's own. */
const templates: ChatNames = {
  'llama3-json': 'tool_chat_template_llama3.1_json.jinja',
  'llama4-pythonic': 'tool_chat_template_llama4_pythonic.jinja',
  'deepseek-v3.1': 'tool_chat_template_deepseekv31.jinja',
}

/** Flags of vLLM 0.33.0's own list; without the second one its parser of calls is not asked. */
export const modelSettings: ModelSettings = {
  chatTemplate: byFlag('--chat-template', null, [], templates),
  toolCallParser: byFlag('--tool-call-parser', toolCallParsers, ['--enable-auto-tool-choice'], callParsers),
  reasoningParser: byFlag('--reasoning-parser', reasoningParsers, [], reasoningNames),
  generationConfig: byFlag('--generation-config'),
}
