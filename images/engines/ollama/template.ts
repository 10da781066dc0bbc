import { atLeast } from '../../memory/versions.ts'
import { type Capability, capabilitiesOf, disagreement, isSameToTheLetter } from './agreement.ts'
import { families } from './families.ts'
import { type ChatTemplate, type OriginalRenderer, originalOf } from './original.ts'
import { endOfTurn } from './stop.ts'
import { beforeQuestion, writtenTemplate } from './written-template.ts'

/** Ollama's own form of a chat template: Go template text, and the texts that end an answer. */
export interface OllamaTemplate {
  template: string
  stop: string[]
}

/**
 * How Ollama talks to a model. `go`: with a template in the store. `gguf`: with the Jinja text in the GGUF itself, which needs
 * a version that runs it. `none`: the model has no chat template. `unknown`: no form is right in this version.
 */
export type TemplateChoice =
  | { type: 'go'; template: OllamaTemplate; capabilities: Capability[] }
  | { type: 'gguf'; capabilities: Capability[] }
  | { type: 'none' }
  | { type: 'unknown'; capabilities: Capability[]; disagreesOn: string }

/** First release that runs the GGUF's own Jinja text where the store has no template layer (its source, server/routes.go). */
export const jinjaSince = '0.30.0'

/**
 * The way that is right for a model in a version of Ollama. A Go template of ours is taken where it is the original to the
 * letter and nothing is lost; else the original itself where Ollama runs it; else a Go template that agrees on every chat of
 * `chat.ts`, tools and thinking among them where the original has them. The choice reads no clock.
 */
export function chooseTemplate(chat: ChatTemplate | undefined, version: string): TemplateChoice {
  if (chat === undefined || chat.text.trim() === '') return { type: 'none' }
  const original = originalOf(chat)
  const capabilities = capabilitiesOf(chat.text, original)
  const template = atLeast(version, jinjaSince)
    ? sameTemplate(original, capabilities)
    : candidatesFor(original).find((each) => disagreement(each, original, capabilities) === null)
  if (template !== undefined)
    return { type: 'go', template: { template, stop: endOfTurn(original, chat) }, capabilities }
  if (atLeast(version, jinjaSince)) return { type: 'gguf', capabilities }
  const [first = ''] = candidatesFor(original)
  const disagreesOn = disagreement(first, original, capabilities) ?? 'one question'
  return { type: 'unknown', capabilities, disagreesOn }
}

function sameTemplate(original: OriginalRenderer, capabilities: readonly Capability[]): string | undefined {
  const written = capabilities.length === 0 ? writtenTemplate(original) : null
  return written !== null && isSameToTheLetter(written, original) ? written : undefined
}

function candidatesFor(original: OriginalRenderer): string[] {
  const head = beforeQuestion(original) ?? ''
  return [writtenTemplate(original) ?? [], families(head)].flat()
}
