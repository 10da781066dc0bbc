import { z } from 'zod'
import { messageOf } from '../../lib/error.ts'
import type { Json } from '../../lib/json.ts'
import { parseJson } from './answer-text.ts'
import type { RuleOf } from './probe.ts'

/** What speaks against a text as JSON of a schema. */
export function schemaFaults(text: Json | undefined, schema: RuleOf<'schema'>['schema']): string[] {
  const shown = JSON.stringify(text)?.slice(0, 200) ?? 'absent'
  const value = typeof text === 'string' ? parseJson(text) : undefined
  if (value === undefined) return [`is ${shown} instead of a text of JSON`]
  try {
    // The schemas are our own, and zod reads their plain JSON.
    const parsed = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value)
    if (parsed.success) return []
    const [issue] = parsed.error.issues
    const place = issue?.path.join('.') || 'its outermost value'
    return [`is ${shown}, which the schema does not accept: ${place}: ${issue?.message}`]
  } catch (error) {
    return [`cannot be held against the schema: ${messageOf(error)}`]
  }
}
