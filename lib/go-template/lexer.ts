import { templateError } from './value.ts'

export type Piece = { type: 'text'; text: string } | { type: 'action'; tokens: string[] }

/** One token after optional blanks; a blank before `.name` is kept, as it parts arguments. */
const tokenForm =
  /^(\s*)("(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|:=|[=|(),]|\$?\w*(?:\.\w+)+|\$\w*|\.|-?\d+|\w+)/

/** Text and actions of a template, with the blanks gone that `{{-` and `-}}` remove. Throws for what never ends. */
export function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = []
  let rest = template
  let isTrimmed = false
  while (true) {
    const start = rest.indexOf('{{')
    const text = isTrimmed
      ? trimmedStart(start < 0 ? rest : rest.slice(0, start))
      : rest.slice(0, start < 0 ? undefined : start)
    if (start < 0) return [...pieces, { type: 'text', text }]
    const action = actionAt(rest.slice(start))
    pieces.push({ type: 'text', text: action.trimsBefore ? trimmedEnd(text) : text })
    if (action.tokens !== null) pieces.push({ type: 'action', tokens: action.tokens })
    isTrimmed = action.trimsAfter
    rest = action.rest
  }
}

interface Action {
  /** Null for a comment. */
  tokens: string[] | null
  trimsBefore: boolean
  trimsAfter: boolean
  rest: string
}

function actionAt(text: string): Action {
  const trimsBefore = /^\{\{-\s/.test(text)
  let rest = text.slice(trimsBefore ? 3 : 2)
  const comment = /^\s*\/\*[\s\S]*?\*\/(\s-)?\}\}/.exec(rest)
  if (comment)
    return {
      tokens: null,
      trimsBefore,
      trimsAfter: comment[1] !== undefined,
      rest: rest.slice(comment[0].length),
    }
  const tokens: string[] = []
  while (true) {
    const end = /^(\s+-|\s*)\}\}/.exec(rest)
    if (end)
      return {
        tokens,
        trimsBefore,
        trimsAfter: end[1]?.endsWith('-') === true,
        rest: rest.slice(end[0].length),
      }
    const token = tokenForm.exec(rest)
    if (!token) throw templateError(`"${rest.slice(0, 20)}" is not understood`)
    tokens.push(token[2] ?? '')
    rest = rest.slice(token[0].length)
    // `).Name` is a field of the group, `) .Name` the next argument.
    if (token[2] === ')' && /^\.\w/.test(rest)) tokens.push('of')
  }
}

const trimmedStart = (text: string) => text.replace(/^[ \t\r\n]+/, '')
const trimmedEnd = (text: string) => text.replace(/[ \t\r\n]+$/, '')
