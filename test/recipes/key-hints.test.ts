import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseRecipe } from '../../recipes/parse.ts'

const demo = readFileSync(join(import.meta.dirname, '../../recipes/smollm2-135m-llama-cpp.yaml'), 'utf8')

function told(text: string) {
  const parsed = parseRecipe(text, 'r.yaml')
  return parsed.ok ? [] : parsed.problems
}

test.each([
  ['lora', 'role: adapter'],
  ['loras', 'role: adapter'],
  ['loraModules', 'role: adapter'],
  ['lora_modules', 'role: adapter'],
  ['enable-lora', 'role: adapter'],
  ['adapters', 'role: adapter'],
  ['draft', 'role: drafter'],
  ['speculativeDecoding', 'role: drafter'],
  ['mmproj', 'role: projector'],
  ['embedding', 'model.task: embedding'],
  ['embeddings', 'model.task: embedding'],
  ['reranker', 'model.task: rerank'],
  ['vision', 'model.task: vision'],
  ['transcription', 'model.task: transcription'],
  ['pipeline_tag', 'model.task'],
])('the key %s, which there is not, is told where a recipe says that: %s', (key, words) => {
  for (const text of [`${demo}${key}: x\n`, demo.replace('\nserving:\n', `\nserving:\n  ${key}: x\n`)])
    expect(told(text)).toMatchObject([
      {
        message: `unknown key "${key}"`,
        hint: expect.stringContaining(`\`${words.startsWith('role') ? 'parts: [{ ' : ''}${words}`),
      },
    ])
})

test('what a hint tells to write can be written', () => {
  for (const role of ['adapter', 'drafter', 'projector']) {
    const name = role === 'adapter' ? 'name: sql, ' : ''
    const part = `parts: [{ role: ${role}, ${name}source: { type: huggingface, repo: acme/part } }]\n`
    expect(told(demo + part)).toEqual([])
  }
  for (const task of ['embedding', 'rerank', 'vision', 'transcription'])
    expect(told(demo.replace('\nmodel:\n', `\nmodel:\n  task: ${task}\n`))).toEqual([])
})

test.each(['servign', 'loader', 'imag', 'specs', 'drafty'])(
  'the key %s is told the nearest one, or all',
  (key) => {
    expect(told(`${demo}${key}: x\n`)[0]?.hint).toMatch(/^did you mean|^keys here are/)
  },
)
