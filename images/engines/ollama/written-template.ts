import type { Chat } from './chat.ts'
import type { OriginalRenderer } from './original.ts'

const marks = { system: 'S0S0S', first: 'U1U1U', answer: 'A2A2A', second: 'U3U3U' } as const

/**
 * A Go template written from what a model's own template puts around the parts of a chat; null where a part is changed,
 * missing or moved. Nothing says that other chats come out right: the caller compares them.
 */
export function writtenTemplate(original: OriginalRenderer): string | null {
  const parts = turnsAround(original)
  if (parts === null) return null
  const { head, toAnswer, toQuestion, prompt } = parts
  const system = systemAround(original, parts)
  const start = system
    ? `{{- if .System }}${quoted(system.before)}{{ .System }}${quoted(system.after)}{{ else }}${quoted(head)}{{ end }}`
    : quoted(head)
  return [
    start,
    '{{- range $i, $_ := .Messages }}',
    '{{- $last := eq (len (slice $.Messages $i)) 1 }}',
    '{{- if eq .Role "user" }}{{ .Content }}',
    `{{- if $last }}${quoted(prompt)}{{ else }}${quoted(toAnswer)}{{ end }}`,
    '{{- else if eq .Role "assistant" }}{{ .Content }}',
    `{{- if not $last }}${quoted(toQuestion)}{{ end }}`,
    '{{- end }}',
    '{{- end }}',
  ].join('\n')
}

/** Text between an answer and the next question, which begins with what ends a turn; null where it is not known. */
export function afterAnswer(original: OriginalRenderer): string | null {
  return turnsAround(original)?.toQuestion ?? null
}

/** Text before a first question without a system text; null where it is not known. */
export function beforeQuestion(original: OriginalRenderer): string | null {
  return turnsAround(original)?.head ?? null
}

function turnsAround(original: OriginalRenderer) {
  const text = original({
    title: 'marks',
    messages: [
      { role: 'user', content: marks.first },
      { role: 'assistant', content: marks.answer },
      { role: 'user', content: marks.second },
    ],
  })
  const [head, toAnswer, toQuestion, prompt] = between(text, [marks.first, marks.answer, marks.second])
  return head === undefined || toAnswer === undefined || toQuestion === undefined || prompt === undefined
    ? null
    : { head, toAnswer, toQuestion, prompt }
}

function systemAround(
  original: OriginalRenderer,
  { head, prompt }: { head: string; prompt: string },
): { before: string; after: string } | null {
  const chat: Chat = {
    title: 'marks',
    messages: [
      { role: 'system', content: marks.system },
      { role: 'user', content: marks.first },
    ],
  }
  const text = original(chat)
  // A family that knows no system text reads it before the first question.
  if (text === null) return { before: head, after: '\n\n' }
  const [before, after, end] = between(text, [marks.system, marks.first])
  return before === undefined || after === undefined || end !== prompt ? null : { before, after }
}

/** What stands before, between and after the marks, each of which must be there once and in this order. */
function between(text: string | null, wanted: readonly string[]): string[] {
  if (text === null) return []
  const parts = text.split(new RegExp(wanted.join('|')))
  const found = text.match(new RegExp(wanted.join('|'), 'g')) ?? []
  return found.join() === wanted.join() ? parts : []
}

/** Text as a literal of Go, so that no blank is trimmed and no brace is read. */
function quoted(text: string): string {
  return text === '' ? '' : `{{- ${JSON.stringify(text)} }}`
}
