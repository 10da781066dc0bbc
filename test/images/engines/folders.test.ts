import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../images/engines/engines.ts'
import { engineIds } from '../../../recipes/engine-ids.ts'

const root = resolve(import.meta.dirname, '../../..')
const home = join(root, 'images/engines')

/** Every engine has these; further files beside them are its own affair. */
const files = [
  'command.ts',
  'definition.ts',
  'imports.ts',
  'memory-flags.ts',
  'memory.ts',
  'model-settings.ts',
  'parts.ts',
  'probes.ts',
  'reserved.ts',
  'slimming.ts',
]

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

test('there is one folder for each id, and no other', () => {
  const folders = readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).sort()).toEqual([...engineIds].sort())
})

test.each(engineIds)('%s has the files that all have', (id) => {
  expect(readdirSync(join(home, id))).toEqual(expect.arrayContaining(files))
})

test.each(engineIds)('%s imports no other engine', (id) => {
  const others = sourcesIn(`images/engines/${id}`).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/from '(\.[^']+)'/g)]
      .map(([, name = '']) => relative(home, resolve(root, dirname(file), name)))
      .filter((name) => /^[^./][^/]*\//.test(name) && !name.startsWith(`${id}/`))
      .map((name) => `${file} imports ${name}`),
  )
  expect(others).toEqual([])
})

/** Text without comments, which may name an engine. */
function codeOf(text: string): string {
  return text.replaceAll(/\/\*\*?[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}

const names = engines.flatMap(({ id, nicknames }) => [id, ...nicknames])
const either = names.map((name) => name.replaceAll('.', '\\.')).join('|')
const forms: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['an id in quotes', new RegExp(`(['"\`])(?:${either})\\1`, 'i')],
  [
    'an id as a key or a member',
    new RegExp(`(?:^\\s*|[{,]\\s*)(?:${either})\\??:\\s|\\.(?:${either})\\b(?!\\.)`, 'm'),
  ],
  ['an id in a pattern', new RegExp(`/[^/\\n]*\\b(?:${either})\\b[^/\\n]*/[a-z]*\\.(?:test|exec)`)],
  ['a table by id', /\b(?:Record|Map|WeakMap)<\s*EngineId\b|\[\w+ in EngineId\]/],
  [
    'a branch on an id',
    /\bengine(?:\.id|Id)?\s*[!=]==?\s*['"`]|['"`]\s*[!=]==?\s*\w*\.?engine(?:\.id|Id)?\b/,
  ],
  ['a choice by id', /switch\s*\(\s*[\w.]*engine(?:\.id|Id)?\s*\)/],
  ['a part of one engine', new RegExp(`from '[^']*engines/(?:${engineIds.join('|')})/`)],
]

function found(text: string): string[] {
  const code = codeOf(text)
  return forms.filter(([, pattern]) => pattern.test(code)).map(([what]) => what)
}

const list = 'recipes/engine-ids.ts'

test('outside of images/engines/ nothing depends on which engine it is', () => {
  const sources = ['lib', 'recipes', 'images', 'pipelines'].flatMap(sourcesIn)
  const outside = sources.filter((file) => !file.startsWith('images/engines/') && file !== list)
  expect(outside.length).toBeGreaterThan(300)
  const wrong = outside.flatMap((file) =>
    found(readFileSync(join(root, file), 'utf8')).map((what) => `${file}: ${what}`),
  )
  expect(wrong).toEqual([])
})

describe('the search finds', () => {
  test.each([
    ["if (recipe.engine.id === 'ollama') return"],
    ["if ('ollama' === engine.id) return"],
    ["return engine !== 'x' && other"],
    ["const slots = ['llama-cpp']"],
    ['const slots = ["vllm"]'],
    ['const slots = new Set([`tgi`])'],
    ["const paths = { vllm: '/health' }"],
    ["  'tensorrt-llm': '/health',"],
    ['const path = paths.ollama'],
    ["const path = paths['sglang']"],
    ["case 'tgi':"],
    ["key === 'llama.cpp'"],
    ['switch (recipe.engine.id) {'],
    ['const t: Partial<Record<EngineId, string>> = {}'],
    ['const t: Record< EngineId, string> = {}'],
    ['const t = new Map<EngineId, string>()'],
    ['type T = { [id in EngineId]: string }'],
    ['/llama-cpp|ollama/.test(id)'],
    ["import { ollamaStore } from '../engines/ollama/weights.ts'"],
  ])('%s', (line) => {
    expect(found(line)).not.toEqual([])
  })

  test.each([
    ['/** Ollama reads `ollama` here. */'],
    ['  // vllm: not used'],
    ["const type = 'application/vnd.ollama.image.model'"],
    ['return engine.id + engine.version'],
    ['const path = engineOf(plan.engine.id).healthPath'],
    ["import { engineOf } from '../engines/engines.ts'"],
    ["help: 'sequences of llama-cpp and Ollama'"],
  ])('nothing in %s', (line) => {
    expect(found(line)).toEqual([])
  })
})
