import type { ChatTemplate } from '../../../../images/engines/ollama/original.ts'
import { chooseTemplate, type OllamaTemplate } from '../../../../images/engines/ollama/template.ts'

/** Ollama's template for a model's Jinja template, for versions that cannot run that; undefined where none is right. */
export function ollamaTemplateFor(chat: ChatTemplate): OllamaTemplate | undefined {
  const choice = chooseTemplate(chat, '0.0.0')
  return choice.type === 'go' ? choice.template : undefined
}
