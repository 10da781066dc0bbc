/** Everything `JSON.stringify` keeps as it is. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/**
 * One spelling for one value: keys sorted by code unit, no spaces, undefined members left out.
 * Equal values give equal bytes, so their sha256 can serve as identity (the rule of RFC 8785 for our values).
 */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, sortKeys)
}

/** Canonical order with indentation and a last newline, for files people read in a diff. */
export function prettyJson(value: Json): string {
  return `${JSON.stringify(value, sortKeys, 2)}\n`
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
