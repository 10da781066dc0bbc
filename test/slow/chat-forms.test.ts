import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ChatForms, chatFormsOf } from '../../images/engines/chat-forms.ts'
import { toolFolder } from '../tools/find.ts'

const folder = () =>
  join(toolFolder('chat-templates'), 'llama_cpp_python-0.3.36/vendor/llama.cpp/models/templates')

/** Templates of real models, with the class that their config.json names. */
const rows: [file: string, architecture: string, forms: ChatForms][] = [
  ['meta-llama-Llama-3.1-8B-Instruct', 'LlamaForCausalLM', { calls: 'llama3-json' }],
  ['meta-llama-Llama-3.2-3B-Instruct', 'LlamaForCausalLM', { calls: 'llama3-json' }],
  ['meta-llama-Llama-3.3-70B-Instruct', 'LlamaForCausalLM', { calls: 'llama3-json' }],
  ['NousResearch-Hermes-3-Llama-3.1-8B-tool_use', 'LlamaForCausalLM', { calls: 'hermes-json' }],
  ['deepseek-ai-DeepSeek-R1-Distill-Llama-8B', 'LlamaForCausalLM', { reasoning: 'deepseek-r1' }],
  ['deepseek-ai-DeepSeek-R1-Distill-Qwen-32B', 'Qwen2ForCausalLM', { reasoning: 'deepseek-r1' }],
  ['llama-cpp-deepseek-r1', 'DeepseekV3ForCausalLM', { reasoning: 'deepseek-r1' }],
  ['deepseek-ai-DeepSeek-V3.1', 'DeepseekV3ForCausalLM', { calls: 'deepseek-v3.1' }],
  ['Kimi-K2-Instruct', 'DeepseekV3ForCausalLM', { calls: 'kimi-k2' }],
  ['Kimi-K2-Thinking', 'DeepseekV3ForCausalLM', { calls: 'kimi-k2', reasoning: 'kimi-k2' }],
  ['Qwen-Qwen2.5-7B-Instruct', 'Qwen2ForCausalLM', { calls: 'hermes-json' }],
  ['Qwen-QwQ-32B', 'Qwen2ForCausalLM', { calls: 'hermes-json', reasoning: 'deepseek-r1' }],
  ['Qwen-Qwen3-0.6B', 'Qwen3ForCausalLM', { calls: 'hermes-json', reasoning: 'qwen3' }],
  ['Qwen3-Coder', 'Qwen3MoeForCausalLM', { calls: 'qwen-xml' }],
  ['Qwen3.5-4B', 'Qwen3_5ForConditionalGeneration', { calls: 'qwen-xml', reasoning: 'qwen3' }],
  ['mistralai-Mistral-Nemo-Instruct-2407', 'MistralForCausalLM', { calls: 'mistral' }],
  [
    'mistralai-Ministral-3-14B-Reasoning-2512',
    'Mistral3ForConditionalGeneration',
    { calls: 'mistral', reasoning: 'mistral' },
  ],
  ['GLM-4.6', 'Glm4MoeForCausalLM', { calls: 'glm4.5', reasoning: 'glm4.5' }],
  ['GLM-4.7-Flash', 'Glm4MoeLiteForCausalLM', { calls: 'glm4.7', reasoning: 'glm4.5' }],
  ['MiniMax-M2', 'MiniMaxM2ForCausalLM', { calls: 'minimax-m2', reasoning: 'minimax-m2' }],
  ['ByteDance-Seed-OSS', 'SeedOssForCausalLM', { calls: 'seed', reasoning: 'seed' }],
  ['google-gemma-4-31B-it', 'Gemma4ForConditionalGeneration', { calls: 'gemma4' }],
  ['openai-gpt-oss-120b', 'GptOssForCausalLM', { calls: 'harmony', reasoning: 'harmony' }],
  [
    'NVIDIA-Nemotron-3-Nano-30B-A3B-BF16',
    'NemotronHForCausalLM',
    { calls: 'qwen-xml', reasoning: 'nemotron3' },
  ],
  ['ibm-granite-granite-3.3-2B-Instruct', 'GraniteForCausalLM', { calls: 'granite3' }],
  ['ibm-granite-granite-4.0', 'GraniteMoeHybridForCausalLM', { calls: 'granite4' }],
  ['google-gemma-2-2b-it', 'Gemma2ForCausalLM', {}],
  ['microsoft-Phi-3.5-mini-instruct', 'Phi3ForCausalLM', {}],
  ['NVIDIA-Nemotron-Nano-v2', 'NemotronHForCausalLM', {}],
]

test.each(rows)('%s', async (file, architecture, forms) => {
  const chatTemplate = await readFile(join(folder(), `${file}.jinja`), 'utf8')
  expect(chatFormsOf({ facts: { architecture }, folder: { chatTemplate } })).toEqual(forms)
})
