import { blankChats, type Chat, plainChats, thinkingChats, toolChats } from './chat.ts'
import type { OriginalRenderer } from './original.ts'
import { ollamaPrompt, reads } from './prompt.ts'

/** What a chat template offers beyond turns of text. */
export type Capability = 'tools' | 'thinking'

/** What a model's own template offers, as Ollama finds it in the text and as it shows in what it renders. */
export function capabilitiesOf(text: string, original: OriginalRenderer): Capability[] {
  const hasTools = /tools|tool_call/.test(text) || differs(original, toolChats[0], { tools: undefined })
  const hasThinking =
    /<think>[\s\S]*<\/think>|reasoning_content|enable_thinking/.test(text) ||
    differs(original, thinkingChats[0], { think: false })
  return [...(hasTools ? (['tools'] as const) : []), ...(hasThinking ? (['thinking'] as const) : [])]
}

function differs(
  original: OriginalRenderer,
  chat: Chat | undefined,
  change: { tools?: undefined; think?: boolean },
) {
  if (chat === undefined) return false
  const { tools, ...rest } = { ...chat, ...change }
  return original(chat) !== original(tools === undefined ? rest : { ...rest, tools })
}

/**
 * The first chat on which a Go template writes another prompt than the original, or null where all agree. Plain chats must be
 * the same to the letter. Chats with tools may differ in the blanks between parts of JSON, which Go never writes. Of a chat
 * that the original refuses nothing may be lost, and the two that every original takes must be among those compared.
 */
export function disagreement(
  template: string,
  original: OriginalRenderer,
  capabilities: readonly Capability[],
): string | null {
  if (!isRendered(original)) return 'the original cannot be rendered'
  const exact = [...plainChats, ...(capabilities.includes('thinking') ? thinkingChats : [])]
  const loose = capabilities.includes('tools') ? toolChats : []
  if (loose.length > 0 && loose.every((chat) => original(chat) === null))
    return 'the original cannot be rendered with tools'
  const wrong =
    exact.find((chat) => !agrees(template, original, chat, (text) => text)) ??
    loose.find((chat) => !agrees(template, original, chat, withoutJsonBlanks))
  return wrong?.title ?? capabilities.find((capability) => !reads(template, capability)) ?? null
}

/** Whether each chat is written to the letter, also texts with blanks around them, which many originals cut. */
export function isSameToTheLetter(template: string, original: OriginalRenderer): boolean {
  return (
    plainChats.every((chat) => original(chat) !== null) &&
    [...plainChats, ...blankChats].every((chat) => agrees(template, original, chat, (text) => text))
  )
}

/** One question and two turns are what every original takes. */
function isRendered(original: OriginalRenderer): boolean {
  const [question, , turns] = plainChats
  return [question, turns].every((chat) => chat !== undefined && original(chat) !== null)
}

function agrees(
  template: string,
  original: OriginalRenderer,
  chat: Chat,
  form: (text: string) => string,
): boolean {
  const wanted = original(chat)
  try {
    const prompt = ollamaPrompt(template, chat)
    return wanted === null ? isWhole(prompt, chat) : form(prompt) === form(wanted)
  } catch {
    return false
  }
}

/** Whether nothing that was said is lost, where the original is no measure. */
function isWhole(prompt: string, { messages, tools }: Chat): boolean {
  return tools !== undefined || messages.every(({ content }) => prompt.includes(content))
}

/** Python writes `{"a": 1, "b": 2}` or indents it; Go writes `{"a":1,"b":2}` and escapes `<`, `>` and `&`. */
function withoutJsonBlanks(text: string): string {
  return text
    .replaceAll(/(?<=["\]}\d])([:,])\s+(?=["[{\d])/g, '$1')
    .replaceAll(/(?<=[[{])\s+(?=["[{\]}])/g, '')
    .replaceAll(/(?<=["\]}\d])\s+(?=[\]}])/g, '')
}
