import type { z } from 'zod'
import { optional } from '../lib/optional.ts'
import { nearestName } from '../lib/suggest.ts'
import { withoutTokens } from '../lib/token-forms.ts'
import { keyHint } from './key-hints.ts'
import { knownKeys } from './known-keys.ts'
import { limits } from './limits.ts'
import { isShowable, type Key, type LiteralSecret, literalSecrets } from './literal-secrets.ts'
import { otherDevice } from './other-devices.ts'
import { type Recipe, recipeSchema } from './recipe.ts'
import { sourceHint } from './source-hints.ts'
import { composeRecipe, type RecipeText, type WrittenRecipe } from './written-recipe.ts'
import { offsetOf } from './yaml-places.ts'

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

/** `doubts` are said and stop nothing. */
export type ParsedRecipe =
  | { ok: true; recipe: Recipe; doubts: Problem[] }
  | { ok: false; problems: Problem[] }

/** What somebody who knows more than the schema says of a valid recipe, such as its engine. */
export interface Finding {
  kind: 'problem' | 'doubt'
  path: Key[]
  part: 'key' | 'value'
  message: string
  hint: string
}

/** What a recipe is written in beside its own file. */
export interface RecipeSources {
  /** Texts that it extends, nearest first. */
  bases?: readonly RecipeText[]
  /** One combination of its matrix, by its name. */
  variant?: string | undefined
}

/**
 * Reads the YAML text of a recipe. All problems are listed, in the order of their place in the file, and none quotes a
 * secret. `judge` adds what it finds in a recipe that the schema accepts.
 */
export function parseRecipe(
  text: string,
  file: string,
  judge: (recipe: Recipe) => Finding[] = () => [],
  { bases = [], variant }: RecipeSources = {},
): ParsedRecipe {
  const composed = composeRecipe([{ text, file }, ...bases], variant)
  if (!composed.ok) return refused(composed.problems)
  const { written } = composed
  const at = ({ path, part, message, hint }: LiteralSecret): Problem => ({
    ...placed(written, path, part),
    path: path.join('.'),
    message,
    hint,
  })
  const secrets = secretsIn(written)
  const parsed = recipeSchema.safeParse(written.value)
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, limits.problems)
    return refused([...secrets, ...issues.flatMap((issue) => problemsOf(issue, written))])
  }
  const findings = judge(parsed.data)
  const told = (kind: Finding['kind']) => findings.filter((finding) => finding.kind === kind).map(at)
  const problems = [...secrets, ...told('problem')]
  return problems.length > 0
    ? refused(problems)
    : { ok: true, recipe: parsed.data, doubts: told('doubt').map(masked) }
}

/** Of every text: a secret is told where it stands, also where a nearer text says something else. */
function secretsIn({ texts }: WrittenRecipe): Problem[] {
  return texts.flatMap(({ value, document, placeOf }) =>
    literalSecrets(value)
      .slice(0, limits.problems)
      .map(({ path, part, message, hint }) => ({
        ...placeOf(offsetOf(document, path, part)),
        path: path.join('.'),
        message,
        hint,
      })),
  )
}

function placed(written: WrittenRecipe, path: readonly Key[], part: 'key' | 'value') {
  const { text, path: own } = written.origin(path)
  return text.placeOf(offsetOf(text.document, own, part))
}

function valueAt(written: WrittenRecipe, path: readonly Key[]): unknown {
  const { text, path: own } = written.origin(path)
  return text.document.getIn(own)
}

/** In the order of the file; of two at one place the first one, as a secret is said before anything else. */
function refused(problems: readonly Problem[]): ParsedRecipe {
  const first = new Map<string, Problem>()
  for (const problem of problems.map(masked)) {
    const place = `${problem.line}:${problem.column}:${problem.path}`
    if (!first.has(place)) first.set(place, problem)
  }
  const sorted = [...first.values()].sort((a, b) => a.line - b.line || a.column - b.column)
  return { ok: false, problems: sorted.slice(0, limits.problems) }
}

function masked(problem: Problem): Problem {
  const { path, message, hint } = problem
  return { ...problem, path: clean(path), message: clean(message), hint: clean(hint) }
}

/** Longest text of a problem; the parser quotes whole tags and anchors. */
const toldLength = 500

function clean(text: string): string {
  const told = withoutTokens(text)
  return told.length <= toldLength ? told : `${told.slice(0, toldLength)}…`
}

/** The form compilers use, which editors and CI annotate: `file:line:col: path: message (hint)`. */
export function formatProblem(problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `
  return `${problem.file}:${problem.line}:${problem.column}: ${path}${problem.message}\n    ${problem.hint}`
}

/** The same for what is said and stops nothing; tools that read compilers' words show it as a warning. */
export function formatDoubt({ message, ...problem }: Problem): string {
  return formatProblem({ ...problem, message: `warning: ${message}` })
}

function problemsOf(issue: z.core.$ZodIssue, written: WrittenRecipe): Problem[] {
  const path = issue.path.filter((key): key is Key => typeof key !== 'symbol')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, limits.problems).map((key) => ({
      ...placed(written, [...path, key], 'key'),
      path: [...path, key].join('.'),
      ...unknownKey(
        key,
        knownKeys(path, (at) => valueAt(written, at)),
      ),
    }))
  return [
    {
      ...placed(written, path, 'value'),
      path: path.join('.'),
      ...describeIssue(issue, written, path),
      ...optional('hint', sourceHint(path, valueAt(written, path))),
    },
  ]
}

function unknownKey(key: string, known: readonly string[]): { message: string; hint: string } {
  const near = nearestName(key, known)
  const other = near === undefined ? `keys here are: ${known.join(', ')}` : `did you mean "${near}"?`
  return { message: `unknown key "${key}"`, hint: keyHint(key) ?? other }
}

function describeIssue(
  issue: z.core.$ZodIssue,
  written: WrittenRecipe,
  path: Key[],
): { message: string; hint: string } {
  const found = valueAt(written, path)
  const known = issue.code === 'invalid_union' || issue.code === 'invalid_value' ? allowedValues(issue) : []
  if (known.length > 0) {
    const near = typeof found === 'string' ? nearestName(found, known) : undefined
    const other = path.join('.') === 'engine.device' ? otherDevice(String(found)) : undefined
    return {
      message: `expected one of ${known.join(', ')}, found ${shown(found, path)}`,
      hint: other ?? (near ? `did you mean "${near}"?` : 'take one of the names listed'),
    }
  }
  if ((issue.code === 'invalid_type' || issue.code === 'invalid_union') && found === undefined)
    return {
      message: `is missing; expected ${issue.code === 'invalid_type' ? issue.expected : 'a value'}`,
      hint: `add "${path.at(-1)}" here; docs/recipe.md describes it`,
    }
  if (issue.code === 'invalid_type')
    return {
      message: `expected ${issue.expected}, found ${shown(found, path)}`,
      hint: typeHint(issue.expected, found),
    }
  return {
    message: `expected ${expectation(issue)}, found ${shown(found, path)}`,
    hint: 'docs/recipe.md describes this key',
  }
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small')
    return `at least ${issue.inclusive === false ? 'more than ' : ''}${issue.minimum}${unitOf(issue.origin)}`
  if (issue.code === 'too_big') return `at most ${issue.maximum}${unitOf(issue.origin)}`
  return issue.message
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters'
  return origin === 'array' ? ' entries' : ''
}

function typeHint(expected: string, found: unknown): string {
  if (typeof found === 'string' && (expected === 'number' || expected === 'int'))
    return 'write the number without quotes or unit'
  if (expected === 'string') return 'put the value in quotes'
  return 'docs/recipe.md describes this key'
}

function allowedValues(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  // Only a union that is told apart by one member lists its values.
  return issue.code === 'invalid_union' && 'options' in issue ? (issue.options ?? []).map(String) : []
}

/** Longest value that a message quotes. */
const shownLength = 80

/** A value for a message: of lists, maps, long texts and whatever may be a secret only what kind it is. */
function shown(value: unknown, path: readonly Key[]): string {
  if (value === undefined) return 'nothing'
  if (value !== null && typeof value === 'object')
    return 'items' in value ? 'a list or a map' : 'something else'
  if (!isShowable(path, value)) return `a ${typeof value} that is not shown here`
  const text = JSON.stringify(value)
  return text.length <= shownLength ? text : `${text.length - 2} characters, "${text.slice(1, 40)}…"`
}
