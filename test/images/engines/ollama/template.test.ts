import { afterEach, describe, expect, test, vi } from 'vitest'
import { plainChats } from '../../../../images/engines/ollama/chat.ts'
import { originalOf } from '../../../../images/engines/ollama/original.ts'
import { ollamaPrompt } from '../../../../images/engines/ollama/prompt.ts'
import { chooseTemplate } from '../../../../images/engines/ollama/template.ts'
import { planDigestOf, planImage } from '../../../../images/plan/plan.ts'
import type { Lock } from '../../../../recipes/lock.ts'
import { lockFor, recipeFor } from '../fixtures.ts'
import { ollamaTemplateFor } from './old-template.ts'
import { originals } from './originals.ts'

const tokens = { bosToken: '<s>', eosToken: '</s>' }
const older = '0.17.4'
const newer = '0.32.15'
type Name = keyof typeof originals
const chatOf = (name: Name) => ({ text: originals[name], ...tokens })

afterEach(() => {
  vi.useRealTimers()
})

describe('the way that is right', () => {
  test.each<[Name, older: string, newer: string, stop: string[]]>([
    ['chatml', 'go', 'go', ['<|im_end|>']],
    ['chatmlWithDefaultSystem', 'go', 'go', ['<|im_end|>']],
    ['zephyr', 'go', 'go', ['</s>']],
    ['llama2', 'go', 'go', ['</s>']],
    ['llama3', 'go', 'gguf', ['<|eot_id|>']],
    ['gemma', 'go', 'gguf', ['<end_of_turn>']],
    ['mistral', 'unknown', 'gguf', []],
    ['thinker', 'unknown', 'gguf', []],
    ['dated', 'unknown', 'gguf', []],
    ['channels', 'go', 'go', []],
    ['tools', 'unknown', 'gguf', []],
    ['taggedTools', 'go', 'gguf', ['<|im_end|>']],
    ['forgetful', 'unknown', 'gguf', []],
    ['endless', 'unknown', 'gguf', []],
    ['broken', 'unknown', 'gguf', []],
  ])('%s: %s in 0.17, %s in 0.32', (name, before, after, stop) => {
    expect(chooseTemplate(chatOf(name), older).type).toBe(before)
    expect(chooseTemplate(chatOf(name), newer).type).toBe(after)
    expect(ollamaTemplateFor(chatOf(name))?.stop ?? []).toEqual(stop)
  })

  test.each(Object.keys(originals) as Name[])(
    '%s: what is accepted is the original on every chat',
    (name) => {
      const found = ollamaTemplateFor(chatOf(name))
      const original = originalOf(chatOf(name))
      const prompts = found ? plainChats.map((chat) => ollamaPrompt(found.template, chat)) : []
      const wanted = found ? plainChats.map((chat, index) => original(chat) ?? prompts[index]) : []
      expect(prompts).toEqual(wanted)
    },
  )

  test('a model without a chat template has none', () => {
    expect(chooseTemplate(undefined, newer)).toEqual({ type: 'none' })
    expect(chooseTemplate({ text: ' \n' }, older)).toEqual({ type: 'none' })
  })

  test('what is lost is named', () => {
    expect(chooseTemplate(chatOf('tools'), older)).toMatchObject({
      capabilities: ['tools'],
      disagreesOn: 'tools',
    })
    expect(chooseTemplate(chatOf('thinker'), older)).toMatchObject({ capabilities: ['thinking'] })
    expect(chooseTemplate(chatOf('mistral'), older)).toMatchObject({
      disagreesOn: 'a system text and two turns',
    })
  })
})

describe('the token that begins a text', () => {
  const turn = { text: originals.chatml, bosToken: '<|im_start|>', eosToken: '<|im_end|>' }
  const first = (found: ReturnType<typeof ollamaTemplateFor>) =>
    found && plainChats[0] && ollamaPrompt(found.template, plainChats[0])

  test('is left to a tokenizer that adds it', () => {
    expect(first(ollamaTemplateFor({ ...chatOf('llama3'), addsBos: true }))).toMatch(/^<\|start_header_id/)
  })

  test('is written for one that does not', () => {
    expect(first(ollamaTemplateFor({ ...chatOf('llama3'), addsBos: false }))).toMatch(/^<s>/)
  })

  test('stays where it is a mark of every turn', () => {
    expect(first(ollamaTemplateFor(turn))).toMatch(/^<\|im_start\|>user/)
  })
})

test.each(Object.keys(originals) as Name[])('a plan for %s is the same on another day', (name) => {
  const recipe = recipeFor('ollama')
  const digestsOn = (day: string) => {
    vi.useFakeTimers({ now: new Date(day), toFake: ['Date'] })
    return [older, newer].map((version) => digestOrReason(lockWith(name, version)))
  }
  const lockWith = (original: Name, version: string): Lock => {
    const lock = lockFor(recipe)
    const gguf = lock.gguf && { ...lock.gguf, chatTemplate: originals[original] }
    return { ...lock, engine: { ...lock.engine, version }, ...(gguf ? { gguf } : {}) }
  }
  const digestOrReason = (lock: Lock) => {
    try {
      return planDigestOf(planImage(recipe, lock))
    } catch (cause) {
      return String(cause)
    }
  }
  expect(digestsOn('2031-02-03')).toEqual(digestsOn('2026-11-29'))
})
