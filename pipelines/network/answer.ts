import type { z } from 'zod'

/** What a server sent, as it is judged: a text and, where it said it, its type. */
export interface ForeignAnswer {
  text: string
  contentType?: string | null | undefined
}

export type AnswerReading<Value> = { ok: true; value: Value } | { ok: false; found: string }

/**
 * JSON of another's server as `schema` wants it; otherwise what came instead, in words without its content, since an answer
 * may hold a token.
 */
export function readAnswer<Value>(schema: z.ZodType<Value>, answer: ForeignAnswer): AnswerReading<Value> {
  const json = jsonOf(answer.text)
  if (json === undefined) return { ok: false, found: kindOfAnswer(answer) }
  const parsed = schema.safeParse(json.value)
  if (parsed.success) return { ok: true, value: parsed.data }
  if (typeof json.value !== 'object' || json.value === null) return { ok: false, found: kindOfAnswer(answer) }
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') || 'its outermost value'
  return { ok: false, found: `an answer of another form: at ${place}: ${issue?.message ?? 'wrong'}` }
}

/** `an HTML page ("Sign in")`, `nothing`, `null`, `text that is not JSON`: what came where something else was wanted. */
export function kindOfAnswer({ text, contentType }: ForeignAnswer): string {
  // To HEAD there is no text, whatever it would be.
  if (text.trim() === '' && !isHtml({ text, contentType })) return 'an empty answer'
  if (isHtml({ text, contentType })) {
    const title = /<title[^>]*>([^<]{1,80})/i.exec(text)?.[1]?.replaceAll(/\s+/g, ' ').trim()
    return title ? `an HTML page ("${title}")` : 'an HTML page'
  }
  const json = jsonOf(text)
  if (json === undefined) return 'text that is not JSON'
  if (json.value === null) return 'null'
  return Array.isArray(json.value) ? 'a JSON list' : `a JSON ${typeof json.value}`
}

export function isHtml({ text, contentType }: ForeignAnswer): boolean {
  return /^text\/html|^application\/xhtml/i.test(contentType ?? '') || /^\s*<(!doctype|html)/i.test(text)
}

/** What to do about an answer that is not of the protocol. */
export const portalHint =
  'open the address by hand: a proxy, a login page of the network, or another server may answer in its place'

function jsonOf(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
