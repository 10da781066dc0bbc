import { type Document, LineCounter, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { messageOf } from '../lib/error.ts'
import { nearestName } from '../lib/suggest.ts'
import { type Recipe, recipeSchema } from './recipe.ts'
import { weightsSourceSchema } from './weights.ts'

/** One thing wrong with a recipe. Lines and columns count from 1, as editors do. */
export interface Problem {
  file: string
  line: number
  column: number
  /** Key path inside the recipe, e.g. `serving.contextLength`; empty for the document itself. */
  path: string
  message: string
  hint: string
}

export type ParsedRecipe = { ok: true; recipe: Recipe } | { ok: false; problems: Problem[] }

type Key = string | number

/** Reads the YAML text of a recipe. All problems are listed, in the order of their place in the file. */
export function parseRecipe(text: string, file: string): ParsedRecipe {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  if (document.errors.length > 0)
    return {
      ok: false,
      problems: document.errors.map((error) => ({ ...place(error.pos[0]), path: '', ...yamlMessage(error) })),
    }
  const value = plainValueOf(document)
  if (!value.ok)
    return {
      ok: false,
      problems: [{ ...place(value.offset), path: '', message: value.message, hint: value.hint }],
    }
  const parsed = recipeSchema.safeParse(value.value)
  if (parsed.success) return { ok: true, recipe: parsed.data }
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, document, place))
  return { ok: false, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) }
}

type Value = { ok: true; value: unknown } | { ok: false; offset: number; message: string; hint: string }

/** The plain value of a document; an alias to nothing, or aliases that multiply without end, are problems of the file. */
function plainValueOf(document: Document.Parsed): Value {
  try {
    return { ok: true, value: document.toJS() }
  } catch (error) {
    let offset = 0
    visit(document, {
      Alias(_key, node) {
        if (node.resolve(document) === undefined) offset = node.range?.[0] ?? 0
      },
    })
    return { ok: false, offset, message: messageOf(error), hint: 'write the value out instead of the alias' }
  }
}

/** The form compilers use, which editors and CI annotate: `file:line:col: path: message (hint)`. */
export function formatProblem(problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `
  return `${problem.file}:${problem.line}:${problem.column}: ${path}${problem.message}\n    ${problem.hint}`
}

function yamlMessage(error: { code: string; message: string }): { message: string; hint: string } {
  const hint =
    error.code === 'DUPLICATE_KEY'
      ? 'keep one of the two; the second would silently win'
      : 'a recipe is YAML: check indentation, colons and quotes at this place'
  return { message: error.message, hint }
}

function problemsOf(
  issue: z.core.$ZodIssue,
  document: Document.Parsed,
  place: (offset: number) => { file: string; line: number; column: number },
): Problem[] {
  const path = issue.path.filter((key): key is Key => typeof key !== 'symbol')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      ...place(offsetOf(document, [...path, key], 'key')),
      path: [...path, key].join('.'),
      ...unknownKey(key, knownKeys(path, document)),
    }))
  return [
    {
      ...place(offsetOf(document, path, 'value')),
      path: path.join('.'),
      ...describeIssue(issue, document, path),
    },
  ]
}

function unknownKey(key: string, known: readonly string[]): { message: string; hint: string } {
  const near = nearestName(key, known)
  return {
    message: `unknown key "${key}"`,
    hint: near === undefined ? `keys here are: ${known.join(', ')}` : `did you mean "${near}"?`,
  }
}

function describeIssue(
  issue: z.core.$ZodIssue,
  document: Document.Parsed,
  path: Key[],
): { message: string; hint: string } {
  const found = document.getIn(path)
  const known = issue.code === 'invalid_union' || issue.code === 'invalid_value' ? allowedValues(issue) : []
  if (known.length > 0) {
    const near = typeof found === 'string' ? nearestName(found, known) : undefined
    return {
      message: `expected one of ${known.join(', ')}, found ${shown(found)}`,
      hint: near ? `did you mean "${near}"?` : 'take one of the names listed',
    }
  }
  if (issue.code === 'invalid_type' && found === undefined)
    return {
      message: `is missing; expected ${issue.expected}`,
      hint: `add "${path.at(-1)}" here; docs/recipe.md describes it`,
    }
  if (issue.code === 'invalid_type')
    return {
      message: `expected ${issue.expected}, found ${shown(found)}`,
      hint: typeHint(issue.expected, found),
    }
  return {
    message: `expected ${expectation(issue)}, found ${shown(found)}`,
    hint: 'docs/recipe.md describes this key',
  }
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small')
    return `at least ${issue.inclusive === false ? 'more than ' : ''}${issue.minimum}`
  if (issue.code === 'too_big') return `at most ${issue.maximum}`
  return issue.message
}

function typeHint(expected: string, found: unknown): string {
  if (typeof found === 'string' && (expected === 'number' || expected === 'int'))
    return 'write the number without quotes or unit'
  if (expected === 'string') return 'put the value in quotes'
  return 'docs/recipe.md describes this key'
}

function allowedValues(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined)
    return weightsSourceSchema.options.map((option) => option.shape.type.value)
  return []
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

function offsetOf(document: Document.Parsed, path: Key[], part: 'key' | 'value'): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true)
    const offset = offsetIn(parent, path[depth - 1], part === 'key' || depth < path.length)
    if (offset !== undefined) return offset
  }
  return 0
}

interface Ranged {
  range?: [number, number, number] | null
}

function offsetIn(parent: unknown, key: Key | undefined, wantKey: boolean): number | undefined {
  // yaml's node classes carry `items`; a scalar or alias has none and falls through.
  const items = (parent as { items?: unknown[] } | null)?.items
  if (!items) return undefined
  if (typeof key === 'number') return (items[key] as Ranged | undefined)?.range?.[0]
  const pair = items.find((item) => String((item as { key?: { value?: unknown } }).key?.value) === key) as
    | { key: Ranged; value: Ranged | null }
    | undefined
  return (wantKey ? pair?.key : (pair?.value ?? pair?.key))?.range?.[0]
}

function knownKeys(path: Key[], document: Document.Parsed): string[] {
  let schema: unknown = z.toJSONSchema(recipeSchema, { io: 'input' })
  path.forEach((key, depth) => {
    schema = step(schema, key, document.getIn([...path.slice(0, depth + 1), 'type']))
  })
  return Object.keys((schema as { properties?: object } | undefined)?.properties ?? {})
}

interface SchemaNode {
  properties?: Record<string, SchemaNode & { const?: unknown }>
  items?: SchemaNode
  oneOf?: SchemaNode[]
  anyOf?: SchemaNode[]
}

function step(schema: unknown, key: Key, type: unknown): SchemaNode | undefined {
  const node = schema as SchemaNode | undefined
  const next = typeof key === 'number' ? node?.items : node?.properties?.[key]
  const branches = next?.oneOf ?? next?.anyOf
  return branches?.find((branch) => branch.properties?.['type']?.const === type) ?? next
}
