import type { Json } from '../../lib/json.ts'

/** JSON values as block YAML 1.2: what people read and edit. Undefined members are left out. */
export function yamlOf(value: Json): string {
  return `${block(value, 0)}\n`
}

function block(value: Json, depth: number): string {
  if (isList(value)) {
    if (value.length === 0) return '[]'
    return value.map((item) => `${indent(depth)}- ${inList(item, depth + 1)}`).join('\n')
  }
  if (value !== null && typeof value === 'object') {
    const entries = entriesOf(value)
    if (entries.length === 0) return '{}'
    return entries
      .map(([key, member]) => `${indent(depth)}${scalar(key)}:${memberOf(member, depth)}`)
      .join('\n')
  }
  return scalar(value)
}

function memberOf(value: Json, depth: number): string {
  if (isEmpty(value) || value === null || typeof value !== 'object') return ` ${block(value, 0)}`
  return `\n${block(value, depth + 1)}`
}

/** The first key of a map stands on the line of its dash. */
function inList(item: Json, depth: number): string {
  return block(item, depth).slice(item !== null && typeof item === 'object' && !isEmpty(item) ? 2 * depth : 0)
}

function scalar(value: Json): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return isPlain(value) ? value : JSON.stringify(value)
}

/** Texts that no YAML reader of any version takes for a number, a date, a boolean or a null. */
function isPlain(text: string): boolean {
  return (
    /^[A-Za-z/][A-Za-z0-9 ._/@=-]*$/.test(text) &&
    !text.endsWith(' ') &&
    !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
  )
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isEmpty(value: Json): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0
}

function entriesOf(value: { readonly [key: string]: Json | undefined }): [string, Json][] {
  return Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined)
}

function indent(depth: number): string {
  return '  '.repeat(depth)
}
