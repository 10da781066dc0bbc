import { z } from 'zod'
import { limits } from './limits.ts'
import type { Key } from './literal-secrets.ts'
import { recipeSchema } from './recipe.ts'

/** Values of one axis: each sets the key that the axis is named after, or, in a map, brings keys of its own. */
const axis = z.union([
  z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .max(limits.variants),
  z.record(z.string().min(1), z.record(z.string(), z.unknown())),
])

/** What a file may say beside the keys of a recipe. */
export const compositionSchema = z.object({
  extends: z
    .string()
    .min(1)
    .max(limits.place)
    .optional()
    .describe(
      'Another file, relative to this one, whose keys hold where this one says nothing; its name begins with _ where it is no recipe itself',
    ),
  matrix: z
    .record(z.string(), axis)
    .optional()
    .describe(
      'Axes, of which each combination of values is a recipe of its own with the values in its name: a list sets the key of that name (gpu, quantization, serving.contextLength), a map brings keys under each value',
    ),
  exclude: z
    .array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
    .max(limits.variants)
    .optional()
    .describe('Combinations of the matrix that are left out, by some or all of their values'),
})

/** Keys of a file that are none of the recipe. */
export const compositionKeys: readonly string[] = Object.keys(compositionSchema.shape)

export type Composition = z.infer<typeof compositionSchema>

/** The value of one axis in one combination: where it stands in the file, and which keys it sets. */
export interface Choice {
  axis: string
  /** As it stands in the name. */
  word: string
  value: string | number | boolean
  /** Place of the value in the file. */
  from: Key[]
  /** Key of the recipe that it becomes; undefined where it is a map of keys. */
  key: string[] | undefined
  brings: unknown
}

/** How many combinations the axes have, before any is left out: they are counted before they are made. */
export function combinationCount({ matrix = {} }: Composition): number {
  return Object.values(matrix).reduce(
    (count, values) => count * (Array.isArray(values) ? values.length : Object.keys(values).length),
    1,
  )
}

/** Every combination of the axes, in the order of the file, without those that are left out. */
export function combinationsOf({ matrix = {}, exclude = [] }: Composition): Choice[][] {
  const axes = Object.entries(matrix).map(([name, values]) => choicesOf(name, values))
  const all = axes.reduce<Choice[][]>(
    (found, choices) => found.flatMap((before) => choices.map((choice) => [...before, choice])),
    [[]],
  )
  return all.filter((choices) => !exclude.some((left) => isLeftOut(choices, left)))
}

function isLeftOut(choices: readonly Choice[], left: Record<string, Choice['value']>): boolean {
  const entries = Object.entries(left)
  return (
    entries.length > 0 &&
    entries.every(([name, value]) =>
      choices.some(({ axis: own, value: has }) => own === name && has === value),
    )
  )
}

function choicesOf(name: string, values: z.infer<typeof axis>): Choice[] {
  const shared = { axis: name, key: keyOfAxis(name) }
  if (Array.isArray(values))
    return values.map((value, index) => ({
      ...shared,
      word: wordOf(String(value)),
      value,
      from: ['matrix', name, index],
      brings: value,
    }))
  return Object.entries(values).map(([value, brings]) => ({
    ...shared,
    key: undefined,
    word: wordOf(value),
    value,
    from: ['matrix', name, value],
    brings,
  }))
}

/** A value as a name of an image may hold it. */
function wordOf(value: string): string {
  return value
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
}

/** Axes whose list has no key to set: by name. */
export function axesWithoutKey({ matrix = {} }: Composition): string[] {
  return Object.entries(matrix).flatMap(([name, values]) =>
    Array.isArray(values) && keyOfAxis(name) === undefined ? [name] : [],
  )
}

/** Keys that are single values, one map deep: `target.gpu`. */
let scalarKeys: ReadonlyMap<string, string[][]> | undefined

/** `target.gpu`, or `gpu` alone where no other key ends so; `engine` is the one that is its id. */
function keyOfAxis(name: string): string[] | undefined {
  scalarKeys ??= readScalarKeys()
  const wanted = name === 'engine' ? 'engine.id' : name
  const found = (scalarKeys.get(wanted.split('.').at(-1) ?? '') ?? []).filter(
    (path) => !wanted.includes('.') || path.join('.') === wanted,
  )
  return found.length === 1 ? found[0] : undefined
}

interface KeyNode {
  properties?: Record<string, KeyNode>
}

function readScalarKeys(): ReadonlyMap<string, string[][]> {
  // JSON Schema is a wide type; of it only the members of KeyNode are used here.
  const { properties = {} } = z.toJSONSchema(recipeSchema, { io: 'input' }) as KeyNode
  const paths = Object.entries(properties).flatMap(([room, node]) =>
    Object.entries(node.properties ?? {})
      .filter(([, child]) => child.properties === undefined)
      .map(([key]) => [room, key]),
  )
  return Map.groupBy(paths, ([, key = '']) => key)
}
