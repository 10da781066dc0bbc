import semver from 'semver'
import { describe, expect, test } from 'vitest'
import { callForms, chatFormsOf, reasoningForms } from '../../../images/engines/chat-forms.ts'
import { engines } from '../../../images/engines/engines.ts'
import { namesByVersion, standingOf } from '../../../images/engines/name-history.ts'

const rows = engines.flatMap((engine) =>
  (['toolCallParser', 'reasoningParser'] as const).flatMap((key) => {
    const support = engine.modelSettings[key]
    if (support.type === 'refused') return []
    const forms = Object.entries(support.forms ?? {})
    return forms.map(([form, name]) => ({ engine, key, form, name, names: support.names }))
  }),
)

test('two engines have names for forms', () => {
  expect(new Set(rows.map(({ engine }) => engine.id)).size).toBeGreaterThanOrEqual(2)
  const known: readonly string[] = [...callForms, ...reasoningForms]
  expect(rows.filter(({ form }) => !known.includes(form))).toEqual([])
})

describe.each(rows)('$engine.id: $key $name', ({ engine, name, names }) => {
  test('is in the lists of every version that init writes', () => {
    if (names === null) throw new Error('a name without a list of names')
    const read = namesByVersion(names).map(({ version }) => version)
    const offered = read.filter((version) => semver.satisfies(version, engine.suggestion.version))
    expect(offered.length).toBeGreaterThan(0)
    for (const version of offered) expect(standingOf(name, version, names)).toEqual({ type: 'known' })
  })
})

test.each([
  ['no facts', null, '[TOOL_CALLS]'],
  ['no template', 'MistralForCausalLM', undefined],
  ['another class', 'FalconForCausalLM', '[TOOL_CALLS]<think>'],
  ['a template that knows no tools', 'MistralForCausalLM', '[INST]'],
])('%s: nothing is told', (_, architecture, chatTemplate) => {
  const facts = architecture === null ? null : { architecture }
  expect(chatFormsOf({ facts, folder: chatTemplate === undefined ? null : { chatTemplate } })).toEqual({})
})
