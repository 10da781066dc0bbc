import type { Json } from '../../lib/json.ts'
import { valuesAt } from './answer-text.ts'
import type { RuleOf } from './probe.ts'
import { schemaFaults } from './schema-faults.ts'

/** What speaks against a choice of a chat that was offered one function; empty where nothing does. */
export function wrongCall(choice: Json | undefined, check: RuleOf<'call'>): string[] {
  const calls = valuesAt(choice, 'message.tool_calls.*.function')
  if (calls.length === 0) return withoutCall(choice, check)
  return calls.flatMap((call) => {
    const [name] = valuesAt(call, 'name')
    if (name !== check.name)
      return [`it calls ${JSON.stringify(name) ?? 'nothing'}, and "${check.name}" alone was offered`]
    // What a model writes of itself need not fit; that it is an object is the server's own affair.
    const schema = check.forced ? check.schema : { type: 'object' }
    return argumentFaults(valuesAt(call, 'arguments')[0], schema, check).map(
      (fault) => `the call's arguments: ${fault}`,
    )
  })
}

function argumentFaults(
  found: Json | undefined,
  schema: RuleOf<'call'>['schema'],
  { argumentsAre }: RuleOf<'call'>,
): string[] {
  if (argumentsAre === undefined) return schemaFaults(found, schema)
  if (found === null || typeof found !== 'object')
    return [`is ${JSON.stringify(found) ?? 'absent'} instead of an object`]
  return schemaFaults(JSON.stringify(found), schema)
}

function withoutCall(choice: Json | undefined, { name, forced }: RuleOf<'call'>): string[] {
  const [content] = valuesAt(choice, 'message.content')
  const text = typeof content === 'string' ? content.trim() : ''
  const shown = JSON.stringify(text.slice(0, 200))
  const isCut = ['finish_reason', 'done_reason'].some((key) => valuesAt(choice, key)[0] === 'length')
  if (text.includes(name) && text.includes('{')) return [`the call is plain text in the answer: ${shown}`]
  if (!forced) return text === '' && !isCut ? ['it neither calls a function nor answers'] : []
  return [
    isCut
      ? `the answer was cut before it called "${name}", which was required: ${shown}`
      : `it answers in place of calling "${name}", which was required: ${shown}`,
  ]
}

/** What speaks against a message whose reasoning should stand apart from its answer. */
export function mixedReasoning(message: Json | undefined, { at, texts, marks }: RuleOf<'apart'>): string[] {
  const [content] = valuesAt(message, 'content')
  const answer = typeof content === 'string' ? content : ''
  const mark = marks.find((one) => answer.includes(one))
  if (mark !== undefined)
    return [`the reasoning stands in the answer, with ${mark}: ${JSON.stringify(answer.slice(0, 200))}`]
  const isThere = texts.some((name) => {
    const [text] = valuesAt(message, name)
    return typeof text === 'string' && text.trim() !== ''
  })
  return isThere ? [] : [`${at} has no reasoning: neither ${texts.join(' nor ')} is a text`]
}
