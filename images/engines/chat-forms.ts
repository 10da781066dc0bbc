import type { FolderFacts } from '../../recipes/lock.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'

/** How a model writes a call of a tool. Every engine has names of its own for the parsers of them. */
export const callForms = [
  'mistral',
  'llama3-json',
  'llama4-pythonic',
  'qwen-xml',
  'hermes-json',
  'granite3',
  'granite4',
  'glm4.5',
  'glm4.7',
  'kimi-k2',
  'minimax-m2',
  'seed',
  'gemma4',
  'harmony',
  'deepseek-v3.1',
  'jamba',
] as const
export type CallForm = (typeof callForms)[number]

/** How a model sets its reasoning apart. A model that reasons only when a request asks for it is in none of them. */
export const reasoningForms = [
  'mistral',
  'deepseek-r1',
  'qwen3',
  'glm4.5',
  'kimi-k2',
  'minimax-m2',
  'seed',
  'harmony',
  'nemotron3',
] as const
export type ReasoningForm = (typeof reasoningForms)[number]

/** One form, with what tells it: the class in config.json, and a text of the chat template. */
interface Mark<Form> {
  form: Form
  architecture: RegExp
  template: RegExp
}

/** The first that fits counts. Marks were read in the templates that llama.cpp collects (`test/slow/chat-forms.test.ts`). */
const callMarks: readonly Mark<CallForm>[] = [
  { form: 'mistral', architecture: /^(Mistral|Mixtral|Ministral)/, template: /\[TOOL_CALLS\]/ },
  { form: 'llama3-json', architecture: /^(Llama|Mllama)For/, template: /Environment: ipython/ },
  { form: 'llama4-pythonic', architecture: /^Llama4For/, template: /\btools\b/ },
  {
    form: 'qwen-xml',
    architecture: /^(Qwen3|NemotronH)/,
    template: /<tool_call>(\\n|\n)<function=/,
  },
  { form: 'granite4', architecture: /^GraniteMoeHybrid/, template: /<tool_call>/ },
  { form: 'granite3', architecture: /^Granite/, template: /<\|tool_call\|>/ },
  { form: 'hermes-json', architecture: /^(Qwen[23]|Llama)/, template: /<tool_call>[^<]*<function-name>/ },
  { form: 'glm4.7', architecture: /^Glm4/, template: /<tool_call>\{function-name\}<arg_key>/ },
  { form: 'glm4.5', architecture: /^Glm4/, template: /<tool_call>\{function-name\}\n<arg_key>/ },
  { form: 'kimi-k2', architecture: /^(DeepseekV3|Kimi)/, template: /<\|tool_calls_section_begin\|>/ },
  { form: 'minimax-m2', architecture: /^MiniMaxM2/, template: /minimax:tool_call/ },
  { form: 'seed', architecture: /^SeedOss/, template: /<seed:tool_call>/ },
  { form: 'gemma4', architecture: /^Gemma4/, template: /<\|tool_call>/ },
  { form: 'harmony', architecture: /^GptOss/, template: /<\|channel\|>/ },
  {
    form: 'deepseek-v3.1',
    architecture: /^DeepseekV3For/,
    template: /thinking[\s\S]*<｜tool▁calls▁begin｜>/,
  },
  { form: 'jamba', architecture: /^Jamba/, template: /<tool_calls>/ },
]

const reasoningMarks: readonly Mark<ReasoningForm>[] = [
  { form: 'mistral', architecture: /^(Mistral|Ministral)/, template: /\[THINK\]/ },
  { form: 'qwen3', architecture: /^Qwen3/, template: /enable_thinking|assistant\\n<think>/ },
  {
    form: 'kimi-k2',
    architecture: /^(DeepseekV3|Kimi)/,
    template: /^(?=[\s\S]*<think>)[\s\S]*<\|tool_calls_section_begin\|>/,
  },
  { form: 'glm4.5', architecture: /^Glm4/, template: /<think>/ },
  { form: 'minimax-m2', architecture: /^MiniMaxM2/, template: /<think>/ },
  { form: 'seed', architecture: /^SeedOss/, template: /think/ },
  { form: 'harmony', architecture: /^GptOss/, template: /<\|channel\|>/ },
  { form: 'nemotron3', architecture: /^NemotronH/, template: /<function=[\s\S]*enable_thinking/ },
  // R1, its distillates and QwQ; V3.1 reasons only when it is asked.
  { form: 'deepseek-r1', architecture: /^(Qwen2|Llama)ForCausalLM/, template: /<think>/ },
  { form: 'deepseek-r1', architecture: /^DeepseekV3For/, template: /^(?![\s\S]*\bthinking\b)[\s\S]*<think>/ },
]

/** What of a model's files tells how it chats. */
export interface ChatFiles {
  facts: Pick<ModelFacts, 'architecture'> | null
  folder: Pick<FolderFacts, 'chatTemplate'> | null
}

export interface ChatForms {
  calls?: CallForm
  reasoning?: ReasoningForm
}

/** The forms that a model in transformers' form surely has; neither where class and template do not tell. */
export function chatFormsOf(files: ChatFiles): ChatForms {
  const calls = markedForm(callMarks, files)
  const reasoning = markedForm(reasoningMarks, files)
  return { ...(calls !== undefined && { calls }), ...(reasoning !== undefined && { reasoning }) }
}

function markedForm<Form>(marks: readonly Mark<Form>[], { facts, folder }: ChatFiles): Form | undefined {
  const template = folder?.chatTemplate
  if (facts === null || template === undefined) return undefined
  return marks.find((mark) => mark.architecture.test(facts.architecture) && mark.template.test(template))
    ?.form
}
