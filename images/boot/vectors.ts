import type { Json } from '../../lib/json.ts'

export interface VectorRule {
  dimension?: number
  normalized?: boolean
}

/** How far from 1 the length of a normalised vector may be: vectors come in half precision, too. */
const lengthTolerance = 0.01

/** What speaks against a value that should be an embedding; null where nothing does. */
export function vectorFault(value: Json | undefined, { dimension, normalized }: VectorRule): string | null {
  if (!Array.isArray(value)) return 'is no list of numbers'
  const odd = value.findIndex((item) => typeof item !== 'number' || !Number.isFinite(item))
  if (odd >= 0)
    return `holds ${JSON.stringify(value[odd])?.slice(0, 40)} at ${odd}, which is no finite number`
  if (dimension !== undefined && value.length !== dimension)
    return `has ${value.length} numbers instead of ${dimension}`
  const length = lengthOf(numbersOf(value))
  if (length === 0) return `is ${value.length} times 0: it says nothing of the text`
  if (normalized && Math.abs(length - 1) > lengthTolerance)
    return `has the length ${length.toPrecision(4)} instead of 1`
  return null
}

/** Cosine of the angle between two vectors; NaN where one is none. */
export function cosine(one: Json | undefined, other: Json | undefined): number {
  const [a, b] = [numbersOf(one), numbersOf(other)]
  if (a.length !== b.length) return Number.NaN
  const product = a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
  return product / (lengthOf(a) * lengthOf(b))
}

function numbersOf(value: Json | undefined): number[] {
  return Array.isArray(value) ? value.map(Number) : []
}

function lengthOf(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}
