import { limits } from './limits.ts'
import type { Key } from './literal-secrets.ts'
import {
  axesWithoutKey,
  type Choice,
  type Composition,
  combinationCount,
  combinationsOf,
  compositionKeys,
  compositionSchema,
} from './matrix.ts'
import { offsetOf } from './yaml-places.ts'
import { readYaml, type YamlDocument } from './yaml-text.ts'

/** One file that a recipe is written in: its own, or one that it extends. */
export interface RecipeText {
  file: string
  text: string
}

export interface TextPlace {
  file: string
  line: number
  column: number
}

/** Something wrong with a text itself, or with how texts are put together. */
export interface CompositionProblem extends TextPlace {
  path: string
  message: string
  hint: string
}

/** A text with the keys of a recipe, or of a part of one. */
export interface ReadText {
  document: YamlDocument
  /** All that it says. */
  value: unknown
  placeOf(offset: number): TextPlace
}

/** A recipe that is put together: what it says, and where each key stands. */
export interface WrittenRecipe {
  value: unknown
  /** Where the value of a key comes from: a text and the key's path in it. Falls back to the recipe's own file. */
  origin(path: readonly Key[]): { text: ReadText; path: Key[] }
  texts: readonly ReadText[]
}

export type CompositionOutcome =
  | { ok: true; written: WrittenRecipe }
  | { ok: false; problems: CompositionProblem[] }

/**
 * Puts a recipe together. `texts` are its own file and those that it extends, nearest first; `variant` names one combination
 * of its matrix. A key of a nearer text wins; maps are joined, lists and single values are replaced, `null` takes a key away.
 */
export function composeRecipe(texts: readonly RecipeText[], variant?: string): CompositionOutcome {
  const read = texts.map(readText)
  const wrong = read.flatMap((one) => (one.ok ? [] : one.problems))
  if (wrong.length > 0) return { ok: false, problems: wrong }
  const good = read.flatMap((one) => (one.ok ? [one.text] : []))
  const [own] = good
  if (own === undefined) return { ok: false, problems: [] }
  const { composition, problems } = compositionOf(good)
  if (problems.length > 0) return { ok: false, problems }
  const chosen = chosenOf(composition, baseName(good), variant)
  if ('message' in chosen) return { ok: false, problems: [at(own, ['matrix'], chosen)] }
  return { ok: true, written: writtenFrom(good, chosen.choices, variant) }
}

/** Names of the combinations of a matrix; empty for a file without one, and for what is not put together rightly. */
export function variantNames(texts: readonly RecipeText[]): string[] {
  const read = texts.map(readText).flatMap((one) => (one.ok ? [one.text] : []))
  const { composition, problems } = compositionOf(read)
  if (composition.matrix === undefined || problems.length > 0) return []
  return combinationsOf(composition).map((choices) => nameOf(baseName(read), choices))
}

/** The file that a text extends; undefined where it extends none. */
export function extendedFile(text: string): string | undefined {
  const read = readYaml(text)
  const value = read.ok ? membersOf(read.value)['extends'] : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

type Reading = { ok: true; text: ReadText } | { ok: false; problems: CompositionProblem[] }

function readText({ text, file }: RecipeText): Reading {
  const read = readYaml(text)
  const placeOf = (offset: number): TextPlace => {
    const { line, col } = read.lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  if (!read.ok)
    return {
      ok: false,
      problems: read.problems.map(({ offset, ...told }) => ({ ...placeOf(offset), path: '', ...told })),
    }
  return { ok: true, text: { document: read.document, value: read.value, placeOf } }
}

/** The nearest matrix with its exclusions, and what is wrong with these keys in any of the texts. */
function compositionOf(texts: readonly ReadText[]): {
  composition: Composition
  problems: CompositionProblem[]
} {
  const parsed = texts.map((text) => ({ text, result: compositionSchema.safeParse(membersOf(text.value)) }))
  const problems = parsed.flatMap(({ text, result }) =>
    result.success
      ? []
      : result.error.issues.map((issue) => at(text, keysOf(issue.path), shapeWords(issue.message))),
  )
  const nearest = parsed.find(({ result }) => result.success && result.data.matrix !== undefined)
  const composition = nearest?.result.data ?? {}
  if (nearest === undefined || problems.length > 0) return { composition, problems }
  return { composition, problems: matrixProblems(nearest.text, composition) }
}

function matrixProblems(text: ReadText, composition: Composition): CompositionProblem[] {
  const unknown = axesWithoutKey(composition).map((name) =>
    at(text, ['matrix', name], {
      message: `no key of a recipe, or several, are called "${name}"`,
      hint: 'write the whole key, such as serving.contextLength; or a map of values, each with the keys that it brings',
    }),
  )
  if (unknown.length > 0) return unknown
  const found = (message: string, hint: string) => [at(text, ['matrix'], { message, hint })]
  const count = combinationCount(composition)
  if (count > limits.combinations)
    return found(`${count} combinations`, `a matrix has at most ${limits.combinations}: write a second file`)
  const combinations = combinationsOf(composition)
  const names = combinations.map((choices) => nameOf('', choices))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (combinations.length === 0)
    return found('every combination is excluded', 'leave one, or take the matrix out')
  if (twice !== undefined || combinations.some((choices) => choices.some(({ word }) => word === '')))
    return found(
      'two values give one name, or a value gives none',
      'write values that differ in letters or digits; a map gives them names',
    )
  return []
}

function shapeWords(message: string): { message: string; hint: string } {
  return { message, hint: 'docs/recipe.md describes extends, matrix and exclude' }
}

function keysOf(path: readonly PropertyKey[]): Key[] {
  return path.filter((key) => typeof key !== 'symbol')
}

function at(text: ReadText, path: Key[], told: { message: string; hint: string }): CompositionProblem {
  return { ...text.placeOf(offsetOf(text.document, path, 'key')), path: path.join('.'), ...told }
}

function baseName(texts: readonly ReadText[]): string {
  const name = texts.map(({ value }) => membersOf(value)['name']).find((one) => one !== undefined)
  return typeof name === 'string' ? name : ''
}

function nameOf(base: string, choices: readonly Choice[]): string {
  return [base, ...choices.map(({ word }) => word)].filter((word) => word !== '').join('-')
}

type ChoiceOutcome = { choices: Choice[] } | { message: string; hint: string }

function chosenOf(composition: Composition, base: string, variant: string | undefined): ChoiceOutcome {
  if (composition.matrix === undefined)
    return variant === undefined
      ? { choices: [] }
      : { message: `there is no matrix, and so no recipe "${variant}"`, hint: 'name the file alone' }
  const all = combinationsOf(composition).map((choices) => ({ choices, name: nameOf(base, choices) }))
  const names = all.map(({ name }) => name).join(', ')
  if (variant === undefined)
    return {
      message: `it stands for ${all.length} recipes, and one is wanted: ${names}`,
      hint: `name one of them as FILE#NAME, such as #${all[0]?.name}`,
    }
  const found = all.find(({ name }) => name === variant)
  return found ?? { message: `it has no recipe "${variant}"`, hint: `it has ${names}` }
}

function writtenFrom(
  texts: readonly ReadText[],
  choices: readonly Choice[],
  variant: string | undefined,
): WrittenRecipe {
  const [own] = texts
  if (own === undefined) throw new RangeError('a recipe has a text of its own')
  const bases = [...texts].reverse().map(({ value }) => withoutComposition(value))
  const layers = [
    ...bases,
    ...choices.map(({ key, brings }) => (key === undefined ? brings : nested(key, brings))),
  ]
  const joined = layers.length === 1 ? layers[0] : layers.reduce(join)
  const value = variant === undefined ? joined : { ...membersOf(joined), name: variant }
  const origin = (path: readonly Key[]) => {
    const chosen = choices
      .map((choice) => pathIn(choice, path))
      .find((one) => one !== undefined && own.document.hasIn(one))
    if (chosen !== undefined) return { text: own, path: chosen }
    const text = texts.find(({ document }) => document.hasIn(path)) ?? own
    return { text, path: [...path] }
  }
  return { value, origin, texts }
}

/** Where a choice has this key of the recipe, if it has it. */
function pathIn({ key, from }: Choice, path: readonly Key[]): Key[] | undefined {
  if (key === undefined) return [...from, ...path]
  return path.join('.') === key.join('.') ? from : undefined
}

function nested(key: readonly string[], value: unknown): unknown {
  return key.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
}

/** What is no map is left to the schema of the recipe, which refuses it. */
function withoutComposition(value: unknown): unknown {
  if (!isMembers(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !compositionKeys.includes(key)))
}

/** A map of another `type` shares no key with the one before it. */
function join(below: unknown, above: unknown): unknown {
  if (!isMembers(below) || !isMembers(above)) return above
  const [one, other] = [below['type'], above['type']]
  if (one !== undefined && other !== undefined && one !== other) return above
  const joined = new Map(Object.entries(below))
  for (const [key, value] of Object.entries(above)) {
    if (value === null) joined.delete(key)
    else joined.set(key, joined.has(key) ? join(joined.get(key), value) : value)
  }
  return Object.fromEntries(joined)
}

function isMembers(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function membersOf(value: unknown): Record<string, unknown> {
  return isMembers(value) ? value : {}
}
