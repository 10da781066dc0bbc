import { type GoValue, goJson, isTrue, printed, templateError } from './value.ts'

type GoFunction = (args: readonly GoValue[]) => GoValue

/** Functions of Go's text/template, besides `and` and `or`, which leave arguments unread. */
export const builtins: Readonly<Record<string, GoFunction>> = {
  not: ([value = null]) => !isTrue(value),
  len: ([value = null]) => lengthOf(value),
  index: ([value = null, ...keys]) => keys.reduce<GoValue>(indexed, value),
  slice: ([value = null, from = 0, to = null]) => sliced(value, from, to),
  eq: ([first = null, ...others]) => others.some((other) => isEqual(first, other)),
  ne: ([first = null, second = null]) => !isEqual(first, second),
  lt: ([a = null, b = null]) => compared(a, b) < 0,
  le: ([a = null, b = null]) => compared(a, b) <= 0,
  gt: ([a = null, b = null]) => compared(a, b) > 0,
  ge: ([a = null, b = null]) => compared(a, b) >= 0,
  print: (args) => args.map(printed).join(''),
  json: ([value = null]) => jsonOf(value),
}

function lengthOf(value: GoValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value !== null && typeof value === 'object') {
    if (value.type === 'list') return value.items.length
    if (value.type === 'map') return Object.keys(value.entries).length
  }
  throw templateError('len is asked of a value that has no length')
}

function indexed(value: GoValue, key: GoValue): GoValue {
  if (value !== null && typeof value === 'object') {
    if (value.type === 'map' && typeof key === 'string') return value.entries[key] ?? null
    const item = value.type === 'list' && typeof key === 'number' ? value.items[key] : undefined
    if (item !== undefined) return item
  }
  throw templateError('index reaches outside')
}

function sliced(value: GoValue, from: GoValue, to: GoValue): GoValue {
  if (value === null || typeof value !== 'object' || value.type !== 'list' || typeof from !== 'number')
    throw templateError('slice is held for lists alone')
  const end = typeof to === 'number' ? to : value.items.length
  if (from < 0 || from > end || end > value.items.length) throw templateError('slice reaches outside')
  return { type: 'list', items: value.items.slice(from, end) }
}

function isEqual(a: GoValue, b: GoValue): boolean {
  if (a === null || b === null) return a === b
  if (typeof a === 'object' || typeof a !== typeof b)
    throw templateError('eq compares values of different kinds')
  return a === b
}

function compared(a: GoValue, b: GoValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  throw templateError('values of different kinds are compared')
}

function jsonOf(value: GoValue): string {
  if (value === null || typeof value !== 'object') return goJson(value)
  if (value.json !== undefined) return value.json
  throw templateError(`a ${value.type} has no JSON here`)
}
