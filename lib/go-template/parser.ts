import { type Piece, piecesOf } from './lexer.ts'
import type { GoNode, Operand, Pipe } from './node.ts'
import { templateError } from './value.ts'

const blocks = ['if', 'with', 'range'] as const
/** Keywords of Go's language that no template of a chat needs. */
const unheld = ['define', 'template', 'block']

/** Reads a Go template. Throws for a fault, and for keywords of the language that this renderer does not hold. */
export function parseGoTemplate(template: string): GoNode[] {
  const pieces = piecesOf(template)
  const nodes = nodesUntil(pieces, [])
  if (pieces.length > 0) throw templateError('an {{ end }} or {{ else }} closes nothing')
  return nodes
}

/** Takes pieces up to one of the words, which stays; an empty list of words means to the end. */
function nodesUntil(pieces: Piece[], words: readonly string[]): GoNode[] {
  const nodes: GoNode[] = []
  for (let piece = pieces[0]; piece !== undefined; piece = pieces[0]) {
    const word = piece.type === 'action' ? (piece.tokens[0] ?? '') : ''
    if (word === 'end' || word === 'else') {
      if (words.includes(word)) return nodes
      throw templateError(`{{ ${word} }} closes nothing`)
    }
    pieces.shift()
    nodes.push(...nodeOf(piece, pieces))
  }
  if (words.length > 0) throw templateError('an {{ end }} is missing')
  return nodes
}

function nodeOf(piece: Piece, pieces: Piece[]): GoNode[] {
  if (piece.type === 'text') return piece.text === '' ? [] : [piece]
  const [word = '', ...rest] = piece.tokens
  const block = blocks.find((name) => name === word)
  if (block !== undefined) return [blockOf(block, rest, pieces)]
  if (word === 'break' || word === 'continue') return [{ type: word }]
  if (unheld.includes(word)) throw templateError(`{{ ${word} }} is not held here`)
  return [{ type: 'action', pipe: pipeOf(piece.tokens) }]
}

function blockOf(type: (typeof blocks)[number], tokens: string[], pieces: Piece[]): GoNode {
  const pipe = pipeOf(tokens)
  const body = nodesUntil(pieces, ['end', 'else'])
  const closing = pieces.shift()
  const after = closing?.type === 'action' ? closing.tokens : []
  if (after[0] === 'end') return { type, pipe, body, otherwise: null }
  const [, next] = after
  if (next === undefined) {
    const otherwise = nodesUntil(pieces, ['end'])
    pieces.shift()
    return { type, pipe, body, otherwise }
  }
  if (next !== 'if' && next !== 'with') throw templateError(`{{ else ${next} }} is no Go`)
  return { type, pipe, body, otherwise: [blockOf(next, after.slice(2), pieces)] }
}

function pipeOf(tokens: string[]): Pipe {
  const rest = [...tokens]
  const variables = variablesOf(rest)
  const isNew = rest[0] === ':='
  if (variables.length > 0) rest.shift()
  const pipe: Pipe = { variables, isNew, commands: commandsOf(rest) }
  if (rest.length > 0) throw templateError(`"${rest[0]}" is one bracket too many`)
  return pipe
}

function variablesOf(tokens: string[]): string[] {
  const end = tokens.findIndex((token) => token === ':=' || token === '=')
  if (end < 0) return []
  const names = tokens.splice(0, end).filter((token) => token !== ',')
  if (names.length === 0 || names.length > 2 || !names.every((name) => /^\$\w+$/.test(name)))
    throw templateError('an assignment names no variable')
  return names
}

function commandsOf(tokens: string[]): Operand[][] {
  const commands: Operand[][] = [[]]
  while (tokens.length > 0 && tokens[0] !== ')') {
    const token = tokens.shift() ?? ''
    if (token === '|') commands.push([])
    else commands.at(-1)?.push(operandOf(token, tokens))
  }
  if (commands.some((command) => command.length === 0)) throw templateError('an action is empty')
  return commands
}

function operandOf(token: string, rest: string[]): Operand {
  if (token === '(') return groupOf(rest)
  if (token === '.') return { type: 'dot' }
  if (token === 'nil') return { type: 'nil' }
  if (/^-?\d+$/.test(token)) return { type: 'literal', value: Number(token) }
  if (token === 'true' || token === 'false') return { type: 'literal', value: token === 'true' }
  if (token.startsWith('"')) return { type: 'literal', value: unquoted(token) }
  if (token.startsWith('`')) return { type: 'literal', value: token.slice(1, -1) }
  const [head = '', ...path] = token.split('.')
  if (head.startsWith('$')) return { type: 'variable', name: head, path }
  if (head === '' && path.length > 0) return { type: 'field', path }
  if (/^[A-Za-z_]\w*$/.test(token)) return { type: 'function', name: token }
  throw templateError(`"${token}" is not held here`)
}

function groupOf(rest: string[]): Operand {
  const commands = commandsOf(rest)
  if (rest.shift() !== ')') throw templateError('a bracket is not closed')
  const hasPath = rest[0] === 'of'
  const path = hasPath ? (rest.splice(0, 2)[1] ?? '').split('.').slice(1) : []
  return { type: 'group', pipe: { variables: [], isNew: false, commands }, path }
}

/** The text of a literal in double quotes; Go's escapes that JSON has as well are held. */
function unquoted(token: string): string {
  try {
    return String(JSON.parse(token))
  } catch {
    throw templateError(`${token} has an escape that is not held here`)
  }
}
