import { Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, visit } from 'yaml'
import { formatBytes } from '../lib/bytes.ts'
import { messageOf } from '../lib/error.ts'
import { limits } from './limits.ts'

/** A whole text with the places of its nodes. */
export type YamlDocument = Document.Parsed

/** A fault of the text itself, at an offset in it. */
export interface TextProblem {
  offset: number
  message: string
  hint: string
}

/** YAML that was read: its nodes know their places, and `value` is what they say. */
export type YamlText =
  | { ok: true; document: Document.Parsed; value: unknown; lines: LineCounter }
  | { ok: false; problems: TextProblem[]; lines: LineCounter }

/**
 * Reads YAML within the limits of a recipe: time grows with the length of the text alone, whatever stands in it. Gives the
 * faults of a text that is no YAML.
 */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter()
  const wrong = (...problems: TextProblem[]): YamlText => ({
    ok: false,
    problems: problems.slice(0, limits.problems),
    lines,
  })
  const sizeBytes = Buffer.byteLength(text)
  if (sizeBytes > limits.recipeBytes) return wrong(tooLarge())
  const deep = tooDeep(text)
  if (deep !== undefined) return wrong(deep)
  const document = documentOf(text, lines)
  if (document === undefined) return wrong(unparsable)
  // A tag that nobody knows is a warning of the parser, which reads the value as if it were not there.
  const faulty = [...document.errors, ...document.warnings]
  if (faulty.length > 0)
    return wrong(
      ...faulty.slice(0, limits.problems).map(({ pos, message }) => ({
        offset: pos[0],
        message,
        hint: 'a recipe is YAML: check indentation, colons and quotes at this place',
      })),
    )
  const faults = faultsOf(document)
  if (faults.length > 0) return wrong(...faults)
  const value = plainValueOf(document)
  return 'offset' in value ? wrong(value) : { ok: true, document, value: value.value, lines }
}

/** Undefined where yaml 2.9.1 calls itself without an end: an unclosed bracket before a long block of keys is enough. */
function documentOf(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    // The parser compares every key with every other one before it; `duplicates` does that in one pass.
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const unparsable: TextProblem = {
  offset: 0,
  message: 'the parser of YAML does not come to an end with it',
  hint: 'a recipe is YAML: check that each bracket, brace and quote is closed',
}

function tooLarge(): TextProblem {
  return {
    offset: 0,
    message: `the file has more than ${formatBytes(limits.recipeBytes)}, which is the most of a recipe`,
    hint: 'name the recipe and not a lock or a report; data belongs into files of the weights',
  }
}

/**
 * A text whose brackets or indentation go deeper than a recipe can be. The parser calls itself for each level, so the text is
 * looked at before: levels of indentation grow by one column at least, and `- - -` opens a level by each dash.
 */
function tooDeep(text: string): TextProblem | undefined {
  let offset = 0
  for (const line of text.split('\n')) {
    const opened = /^(?:\s|[-?](?=\s))*/.exec(line)?.[0] ?? ''
    const dashes = opened.replaceAll(/\s/g, '').length
    if (dashes > limits.depth) return deepAt(offset)
    offset += line.length + 1
  }
  return tooDeepBrackets(text) ?? tooDeepIndentation(text)
}

/** Brackets in quoted texts count too: a recipe has no value with so many that stay open. */
function tooDeepBrackets(text: string): TextProblem | undefined {
  const most = 8 * limits.depth
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '[' || character === '{') depth += 1
    else if ((character === ']' || character === '}') && depth > 0) depth -= 1
    if (depth > most) return deepAt(at)
  }
  return undefined
}

/** Lines that go deeper one after the other; text of a block scalar does so by a line or two. */
function tooDeepIndentation(text: string): TextProblem | undefined {
  const most = 8 * limits.depth
  const columns: number[] = []
  let offset = 0
  for (const line of text.split('\n')) {
    const column = line.search(/\S/)
    if (column >= 0) {
      while ((columns.at(-1) ?? -1) >= column) columns.pop()
      columns.push(column)
      if (columns.length > most) return deepAt(offset + column)
    }
    offset += line.length + 1
  }
  return undefined
}

function deepAt(offset: number): TextProblem {
  return {
    offset,
    message: 'lists or maps lie too deep inside each other',
    hint: `no key of a recipe lies deeper than ${limits.depth}; check the brackets and the indentation at this place`,
  }
}

/** Keys that stand twice in a map, keys that are no texts, nodes deeper than any key of a recipe, and too many aliases. */
function faultsOf(document: Document.Parsed): TextProblem[] {
  const faults: TextProblem[] = []
  let aliases = 0
  visit(document, {
    Alias(_key, node, path) {
      aliases += 1
      if (path.some((parent) => 'anchor' in parent && parent.anchor === node.source))
        faults.push({
          offset: node.range?.[0] ?? 0,
          message: `the alias *${node.source} stands inside of what it repeats`,
          hint: 'write the value out instead of the alias',
        })
      if (aliases <= limits.aliases) return undefined
      faults.push(tooManyAliases(node.range?.[0] ?? 0))
      return visit.BREAK
    },
    Map(_key, node, path) {
      if (path.length > 3 * limits.depth) {
        faults.push(deepAt(node.range?.[0] ?? 0))
        return visit.BREAK
      }
      faults.push(...keyFaults(node.items))
      return faults.length > limits.problems ? visit.BREAK : undefined
    },
  })
  return faults
}

function tooManyAliases(offset: number): TextProblem {
  return {
    offset,
    message: `more than ${limits.aliases} aliases`,
    hint: 'write the values out instead of the aliases',
  }
}

function keyFaults(items: readonly Pair[]): TextProblem[] {
  const seen = new Set<string>()
  return items.flatMap(({ key }): TextProblem[] => {
    if (isMap(key) || isSeq(key) || isAlias(key))
      return [
        { offset: key.range?.[0] ?? 0, message: 'a key that is no text', hint: 'write the key as a word' },
      ]
    if (!isScalar(key)) return []
    const name = String(key.value)
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    return [
      {
        offset: key.range?.[0] ?? 0,
        message: 'Map keys must be unique',
        hint: 'keep one of the two; the second would silently win',
      },
    ]
  })
}

/** An alias to nothing, or aliases that multiply without end, are faults of the text. */
function plainValueOf(document: Document.Parsed): { value: unknown } | TextProblem {
  try {
    return { value: document.toJS() }
  } catch (error) {
    let offset = 0
    visit(document, {
      Alias(_key, node) {
        if (offset === 0) offset = node.range?.[0] ?? 0
        if (node.resolve(document) === undefined) {
          offset = node.range?.[0] ?? 0
          return visit.BREAK
        }
        return undefined
      },
    })
    return { offset, message: messageOf(error), hint: 'write the value out instead of the alias' }
  }
}

/** What stands above a key, in sentences of one line each; keys of maps within maps are joined by dots. */
export type YamlComments = Readonly<Record<string, readonly string[]>>

/** A value as YAML with comments above its keys. A path that the value lacks is left out with its comment. */
export function commentedYaml(value: object, comments: YamlComments, head: readonly string[]): string {
  const document = new Document(value)
  for (const [path, lines] of Object.entries(comments)) {
    const keys = path.split('.')
    const parent = keys.length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true)
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === keys.at(-1))
      : undefined
    if (lines.length > 0 && isScalar(pair?.key)) pair.key.commentBefore = commentOf(lines)
  }
  document.commentBefore = commentOf(head)
  return document.toString({ lineWidth: 0 })
}

function commentOf(lines: readonly string[]): string {
  return lines.map((line) => ` ${line}`).join('\n')
}
