import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { plainChats } from '../../images/engines/ollama/chat.ts'
import { originalOf } from '../../images/engines/ollama/original.ts'
import { ollamaPrompt } from '../../images/engines/ollama/prompt.ts'
import { chooseTemplate } from '../../images/engines/ollama/template.ts'
import { toolFolder } from '../tools/find.ts'

interface Row {
  older: string
  newer: string
  stop?: string[]
  differsOn?: string
}

// JSON has no types; the file is written as rows by the name of the template.
const table = JSON.parse(readFileSync(join(import.meta.dirname, 'ollama-templates.json'), 'utf8')) as Record<
  string,
  Row
>

const folder = () =>
  join(toolFolder('chat-templates'), 'llama_cpp_python-0.3.36/vendor/llama.cpp/models/templates')
const chatOf = (name: string) => ({
  text: readFileSync(join(folder(), name), 'utf8'),
  bosToken: '<s>',
  eosToken: '</s>',
})

test('the table names every template of the collection', () => {
  const names = readdirSync(folder()).filter((name) => name.endsWith('.jinja'))
  expect(names).toHaveLength(70)
  expect(Object.keys(table).sort()).toEqual(names.sort())
})

describe.each(Object.entries(table))('%s', (name, row) => {
  test('is accepted or refused as the table says', () => {
    const [older, newer] = ['0.17.4', '0.32.15'].map((version) => chooseTemplate(chatOf(name), version))
    expect([older?.type, newer?.type]).toEqual([row.older, row.newer])
    if (older?.type === 'go') expect(older.template.stop).toEqual(row.stop)
    if (older?.type === 'unknown') expect(older.disagreesOn).toBe(row.differsOn)
  })

  test('what is accepted writes the prompts of the original', () => {
    const found = chooseTemplate(chatOf(name), '0.17.4')
    const original = originalOf(chatOf(name))
    const pairs =
      found.type === 'go'
        ? plainChats.map((chat) => [ollamaPrompt(found.template.template, chat), original(chat)] as const)
        : []
    for (const [prompt, wanted] of pairs) if (wanted !== null) expect(prompt).toBe(wanted)
    expect(pairs.length > 0).toBe(row.older === 'go')
  })
})
