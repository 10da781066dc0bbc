/** A value as a Go program hands it to a template. Lists and maps with `json` print as that text; `json` writes structs too. */
export type GoValue =
  | null
  | boolean
  | number
  | string
  | { type: 'list'; items: readonly GoValue[]; json?: string }
  | { type: 'map'; entries: Readonly<Record<string, GoValue>>; json?: string }
  | { type: 'struct'; fields: Readonly<Record<string, GoValue>>; json?: string }

/** A template that is not one, or that reaches what this renderer does not hold. */
export function templateError(message: string): Error {
  return new Error(message)
}

export function isTrue(value: GoValue): boolean {
  if (value === null || typeof value !== 'object') return Boolean(value)
  if (value.type === 'list') return value.items.length > 0
  return value.type === 'struct' || Object.keys(value.entries).length > 0
}

/** What `{{ value }}` writes. Throws for values whose text in Go is a dump of memory and not meant for a prompt. */
export function printed(value: GoValue): string {
  if (value === null) return '<no value>'
  if (typeof value !== 'object') return String(value)
  if (value.type !== 'struct' && value.json !== undefined) return value.json
  throw templateError(`a ${value.type} is written as it is`)
}

/** `.name` of a value: maps give no value for a missing key, structs refuse it. */
export function memberOf(value: GoValue, name: string): GoValue {
  if (value !== null && typeof value === 'object') {
    if (value.type === 'map') return Object.hasOwn(value.entries, name) ? (value.entries[name] ?? null) : null
    if (value.type === 'struct' && Object.hasOwn(value.fields, name)) return value.fields[name] ?? null
  }
  throw templateError(`.${name} is asked of a value that has none`)
}

/** JSON as Go's encoder writes it: sorted keys of maps, and `<`, `>` and `&` escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => sorted(member)).replaceAll(
    /[<>&\u2028\u2029]/g,
    escaped,
  )
}

/** A value of which the order of keys is meant, as in Go's structs. */
export function goJsonInOrder(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, escaped)
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
}
