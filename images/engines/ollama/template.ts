import { convertGGUFTemplateToOllama } from '@huggingface/ollama-utils'

/** Ollama's own form of a chat template: Go template text, and the texts that end an answer. */
export interface OllamaTemplate {
  template: string
  stop: string[]
}

/** A chat template of a GGUF, with the token texts it refers to. */
export interface ChatTemplate {
  text: string
  bosToken?: string
  eosToken?: string
}

/**
 * Ollama's template for a model's Jinja template, or undefined where none is known. Special tokens that begin a text are
 * left to the tokenizer, which adds them once.
 */
export function ollamaTemplateFor(chat: ChatTemplate): OllamaTemplate | undefined {
  const found = convertGGUFTemplateToOllama({
    chat_template: chat.text,
    ...(chat.bosToken === undefined ? {} : { bos_token: chat.bosToken }),
    ...(chat.eosToken === undefined ? {} : { eos_token: chat.eosToken }),
  })
  if (!found) return undefined
  return { template: found.ollama.template, stop: stopOf(found.ollama.params?.stop) }
}

function stopOf(stop: string | string[] | undefined): string[] {
  return [stop ?? []].flat()
}
