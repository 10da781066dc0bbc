import { Environment, Interpreter, Template } from '@huggingface/jinja'
import type { Chat, ChatMessage } from './chat.ts'
import { toolJson } from './prompt.ts'

/** A chat template of a GGUF, with the token texts it refers to. */
export interface ChatTemplate {
  text: string
  bosToken?: string
  eosToken?: string
  /** Whether the tokenizer itself puts the first token; undefined where the GGUF does not say. */
  addsBos?: boolean
}

/** Renders a chat with a model's own template; null where the template refuses the chat or cannot be rendered here. */
export type OriginalRenderer = (chat: Chat) => string | null

/**
 * A renderer of the model's own Jinja text. It is without a clock: a template that asks for the date is not rendered.
 * The token that the tokenizer puts first is left out, as Ollama's templates leave it out.
 */
export function originalOf(chat: ChatTemplate): OriginalRenderer {
  const template = parsed(chat.text)
  if (template === null) return () => null
  return (asked) => {
    try {
      const text = rendered(template, variablesOf(chat, asked))
      return text.startsWith(firstToken(chat)) ? text.slice(firstToken(chat).length) : text
    } catch {
      return null
    }
  }
}

function parsed(text: string): Template | null {
  try {
    return new Template(text)
  } catch {
    return null
  }
}

/** As `Template.render` does it, which has the clock among its globals and lets no variable take the place of one. */
function rendered(template: Template, variables: Readonly<Record<string, unknown>>): string {
  const environment = new Environment()
  for (const [name, value] of Object.entries({ ...globals, ...variables })) environment.set(name, value)
  const { value } = new Interpreter(environment).run(template.parsed)
  return String(value)
}

const globals: Readonly<Record<string, unknown>> = {
  false: false,
  true: true,
  none: null,
  False: false,
  True: true,
  None: null,
  range: (start: number, stop?: number, step = 1) =>
    numbers(stop === undefined ? 0 : start, stop ?? start, step),
  raise_exception: (text: string) => {
    throw new Error(text)
  },
  strftime_now: () => {
    throw new Error('a prompt that holds the date is not the same tomorrow')
  },
}

/** No chat of ours has so many parts; a template that counts further is not rendered to its end. */
const mostNumbers = 10_000

function numbers(start: number, stop: number, step: number): number[] {
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (!(length <= mostNumbers)) throw new Error(`range counts ${length} numbers`)
  return Array.from({ length }, (_, index) => start + index * step)
}

/** Empty where the first token is the template's own affair. */
function firstToken({ text, bosToken = '', addsBos }: ChatTemplate): string {
  return (addsBos ?? text.includes('bos_token')) ? bosToken : ''
}

function variablesOf({ bosToken = '', eosToken = '' }: ChatTemplate, { messages, tools, think }: Chat) {
  return {
    messages: messages.map(messageFor),
    add_generation_prompt: true,
    bos_token: bosToken,
    eos_token: eosToken,
    ...(tools === undefined ? {} : { tools: tools.map(toolJson) }),
    // The three names under which templates of today ask for it.
    ...(think === undefined ? {} : { enable_thinking: think, thinking: think, think }),
  }
}

function messageFor({ role, content, thinking, toolCalls, toolName }: ChatMessage) {
  return {
    role,
    content,
    ...(thinking === undefined ? {} : { reasoning_content: thinking }),
    ...(toolName === undefined ? {} : { name: toolName }),
    ...(toolCalls === undefined
      ? {}
      : { tool_calls: toolCalls.map((call) => ({ type: 'function', function: { ...call } })) }),
  }
}
