import type { FolderFacts } from '../../../recipes/lock.ts'
import type { ModelName } from '../memory/models.ts'

/** What a family's files say of how it chats: the marks of its template, as they stand there. */
interface Family {
  model: ModelName
  gpu: string
  /** Undefined where the folder has no template. */
  template?: string
  folder?: FolderFacts
  task: string
  /** Parsers of vLLM and of SGLang, `calls` and `reasoning`; empty where none is known. */
  vllm?: Parsers
  sglang?: Parsers
}

export interface Parsers {
  calls?: string
  reasoning?: string
}

const hermes =
  'For each function call return json within <tool_call></tool_call>:\\n<tool_call>\\n{"name": <function-name>}'
const xml = 'reply in this format:\\n<tool_call>\\n<function=example_function_name>\\n'
const thinking = '{%- if enable_thinking is false %}<think>\\n\\n</think>{%- endif %}'
const plain = '{{ messages }}'
const mistral = '{%- for message in messages %}[INST]{%- if tools %}[AVAILABLE_TOOLS]{%- endif %}[TOOL_CALLS]'
const llama = '{%- if tools %}Environment: ipython{%- endif %}{{ messages }}'

/** Recorded of the repositories of these models, or of those of the same family in llama.cpp's collection. */
export const families: readonly Family[] = [
  { model: 'llama-3-8b', gpu: 'l4', template: plain, task: 'chat' },
  {
    model: 'llama-3.1-8b',
    gpu: 'h100',
    template: llama,
    task: 'chat',
    vllm: { calls: 'llama3_json' },
    sglang: { calls: 'llama3' },
  },
  {
    model: 'llama-3.1-70b',
    gpu: 'h100',
    template: llama,
    task: 'chat',
    vllm: { calls: 'llama3_json' },
    sglang: { calls: 'llama3' },
  },
  {
    model: 'llama-4-scout',
    gpu: 'h200',
    template: '{%- if tools %}',
    task: 'chat',
    vllm: { calls: 'llama4_pythonic' },
    sglang: { calls: 'pythonic' },
  },
  { model: 'codellama-13b', gpu: 'l40s', template: plain, task: 'chat' },
  { model: 'deepseek-coder-6.7b', gpu: 'l4', template: plain, task: 'chat' },
  {
    model: 'mistral-7b',
    gpu: 'l4',
    template: mistral,
    task: 'chat',
    vllm: { calls: 'mistral' },
    sglang: { calls: 'mistral' },
  },
  {
    model: 'mistral-7b-awq',
    gpu: 'a10g',
    template: mistral,
    task: 'chat',
    vllm: { calls: 'mistral' },
    sglang: { calls: 'mistral' },
  },
  { model: 'mixtral-8x7b', gpu: 'h100', template: '[INST] {{ messages }} [/INST]', task: 'chat' },
  {
    model: 'ministral-3-14b',
    gpu: 'l40s',
    template: `${mistral}[THINK][/THINK]`,
    task: 'chat',
    vllm: { calls: 'mistral', reasoning: 'mistral' },
    sglang: { calls: 'mistral', reasoning: 'mistral' },
  },
  {
    model: 'qwen2.5-7b',
    gpu: 'l4',
    template: hermes,
    task: 'chat',
    vllm: { calls: 'hermes' },
    sglang: { calls: 'qwen' },
  },
  { model: 'qwen2.5-7b-int4', gpu: 't4', template: hermes, task: 'chat', vllm: { calls: 'hermes' } },
  {
    model: 'qwen3-8b',
    gpu: 'l4',
    template: hermes + thinking,
    task: 'chat',
    vllm: { calls: 'hermes', reasoning: 'qwen3' },
    sglang: { calls: 'qwen', reasoning: 'qwen3' },
  },
  {
    model: 'qwen3-30b-a3b',
    gpu: 'a100-80gb',
    template: xml,
    task: 'chat',
    vllm: { calls: 'qwen3_xml' },
    sglang: { calls: 'qwen3_coder' },
  },
  {
    model: 'qwen3.6-27b',
    gpu: 'l40s',
    template: xml + thinking,
    task: 'chat',
    vllm: { calls: 'qwen3_xml', reasoning: 'qwen3' },
  },
  { model: 'gemma-2-9b', gpu: 'l4', template: '<start_of_turn>', task: 'chat' },
  { model: 'gemma-3-27b', gpu: 'h100', template: '<start_of_turn>', task: 'chat' },
  {
    model: 'gemma-4-12b',
    gpu: 'l40s',
    template: `<|tool_call>call:${thinking}`,
    task: 'chat',
    vllm: { calls: 'gemma4' },
  },
  { model: 'phi-3-mini', gpu: 'l4', template: '<|user|>', task: 'chat' },
  { model: 'phi-4', gpu: 'a100-40gb', template: '<|im_start|>', task: 'chat' },
  {
    model: 'gpt-oss-20b',
    gpu: 'h100',
    template: '<|start|>assistant<|channel|>analysis',
    task: 'chat',
    vllm: { calls: 'openai', reasoning: 'openai_gptoss' },
  },
  {
    model: 'minimax-m2',
    gpu: 'h200',
    template: "{%- set toolcall_begin = '<minimax:tool_call>' %}<think>",
    task: 'chat',
    vllm: { calls: 'minimax_m2', reasoning: 'minimax_m2' },
  },
  {
    model: 'nemotron-3-nano',
    gpu: 'h100',
    template: xml + thinking,
    task: 'chat',
    vllm: { calls: 'qwen3_xml', reasoning: 'nemotron_v3' },
  },
  { model: 'granite-4-h-small', gpu: 'h100', template: hermes, task: 'chat', vllm: { calls: 'granite4' } },
  {
    model: 'jamba-mini',
    gpu: 'h200',
    template: '<tool_calls>[]</tool_calls>',
    task: 'chat',
    vllm: { calls: 'jamba' },
  },
  {
    model: 'kimi-linear-48b',
    gpu: 'h200',
    template: '<|tool_calls_section_begin|>',
    task: 'chat',
    vllm: { calls: 'kimi_k2' },
  },
  { model: 'falcon-mamba-7b', gpu: 'l4', template: plain, task: 'chat' },
  { model: 'smollm2-135m', gpu: 't4', template: '<|im_start|>', task: 'chat' },
  { model: 'falcon-7b', gpu: 'l4', task: 'completion' },
  { model: 'opt-125m', gpu: 't4', task: 'completion' },
]
