import { expect, test } from 'vitest'
import { judgeRecipe } from '../../images/plan/judge-recipe.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { escaped, marked } from './marked.ts'

const engine = (id: string, version = '') => {
  const gpu = ['llama-cpp', 'ollama'].includes(id) ? '' : 'target: { gpu: h100 }\n'
  return `engine: { id: ${id}${version === '' ? '' : `, version: "${version}"`} }\n${gpu}`
}

function recipeOf(model: string, rest = engine('vllm')): string {
  return `name: r
model: { name: base, ${model} }
weights: { source: { type: huggingface, repo: acme/base } }
${rest}`
}

const flag = (item: string) => `${engine('vllm')}serving: { extraArguments: [${item}] }\n`

/** `|` stands before the text that the problem points at. */
const wrong: [what: string, text: string, message: string][] = [
  ['a template that is a list', recipeOf('chatTemplate: |[a]'), 'expected string'],
  ['an empty place of a template', recipeOf('chatTemplate: |""'), 'expected at least 1 characters'],
  ['a number for a template', recipeOf('chatTemplate: |7'), 'expected string'],
  ['a parser that is a switch', recipeOf('toolCallParser: |true'), 'expected string'],
  ['an empty parser', recipeOf('toolCallParser: |""'), 'expected at least 1 characters'],
  ['a parser that is a list', recipeOf('reasoningParser: |[qwen3]'), 'expected string'],
  ['a config that is a map', recipeOf('generationConfig: |{ temperature: 1 }'), 'expected string'],
  ['a slip of a key', recipeOf('|chatTemplates: a'), 'unknown key "chatTemplates"'],
  ['a slip of another', recipeOf('|toolParser: hermes'), 'unknown key "toolParser"'],
  [
    'a parser that no version of the range has',
    recipeOf('toolCallParser: |hermess', engine('vllm', '0.33.0')),
    'no version of vLLM in "0.33.0" has the tool-call parser "hermess"',
  ],
  [
    'a parser that went before the range',
    recipeOf('toolCallParser: |minimax', engine('vllm', '>=0.24 <=0.33.0')),
    'no version of vLLM in ">=0.24 <=0.33.0" has the tool-call parser "minimax"',
  ],
  [
    'reasoning that no version has',
    recipeOf('reasoningParser: |qwen4', engine('sglang', '0.5.23')),
    'no version of SGLang in "0.5.23" has the reasoning parser "qwen4"',
  ],
  [
    'a form of reasoning that is none',
    recipeOf('reasoningParser: |qwen3', engine('llama-cpp', '0.7.0')),
    'no version of llama.cpp in "0.7.0" has the reasoning parser "qwen3"',
  ],
  [
    'a parser where a template tells',
    recipeOf('|toolCallParser: hermes', engine('llama-cpp')),
    'llama.cpp: ',
  ],
  [
    'a template of Jinja for Go',
    recipeOf('|chatTemplate: a.jinja', engine('ollama')),
    'Ollama: its templates',
  ],
  ['reasoning of Ollama', recipeOf('|reasoningParser: qwen3', engine('ollama')), 'Ollama: '],
  ['a config of Ollama', recipeOf('|generationConfig: a.json', engine('ollama')), 'Ollama: '],
  ['a config of SGLang', recipeOf('|generationConfig: a.json', engine('sglang')), 'SGLang: '],
  ['a template of TGI', recipeOf('|chatTemplate: a.jinja', engine('tgi')), 'TGI: '],
  ['a parser of TGI', recipeOf('|toolCallParser: hermes', engine('tgi')), 'TGI: '],
  [
    'a config of TensorRT-LLM',
    recipeOf('|generationConfig: a.json', engine('tensorrt-llm')),
    'TensorRT-LLM: ',
  ],
  [
    'the same flag beside',
    recipeOf('chatTemplate: a.jinja', flag('|--chat-template, b')),
    '--chat-template is set for',
  ],
  [
    'the same flag in one item',
    recipeOf('toolCallParser: hermes', flag('|--tool-call-parser=x')),
    '--tool-call-parser is',
  ],
  [
    'the switch of a parser',
    recipeOf('toolCallParser: hermes', flag('|--enable-auto-tool-choice')),
    '--enable-auto',
  ],
  [
    'a beginning of a flag',
    recipeOf('generationConfig: a', flag('|--generation-conf, auto')),
    '--generation-config is',
  ],
]

test.each(wrong)('%s is refused at its place', (_, source, message) => {
  const { text, line, column } = marked(source)
  const parsed = parseRecipe(text, 'r.yaml', judgeRecipe)
  const problems = parsed.ok ? [] : parsed.problems
  expect(problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`)).toContainEqual(
    expect.stringMatching(new RegExp(`^${line}:${column} ${escaped(message)}`)),
  )
  expect(problems.every(({ hint }) => hint !== '')).toBe(true)
})

test.each([
  ['a name that no list has, in versions that nobody read', 'vllm', '>=0.30', 'brand_new'],
  ['the same without a range', 'sglang', '>=0', 'brand_new'],
])('%s is a doubt', (_, id, version, name) => {
  const parsed = parseRecipe(recipeOf(`toolCallParser: ${name}`, engine(id, version)), 'r.yaml', judgeRecipe)
  expect(parsed).toMatchObject({
    ok: true,
    doubts: [{ path: 'model.toolCallParser', line: 2, message: expect.stringMatching(/^ingot knows no/) }],
  })
})

test.each([
  ['toolCallParser: hermes', engine('vllm', '>=0.20')],
  ['toolCallParser: minimax', engine('vllm', '>=0.20 <0.24')],
  ['reasoningParser: deepseek', engine('llama-cpp')],
  ['toolCallParser: anything', engine('tensorrt-llm')],
])('%s is taken, %s', (model, rest) => {
  expect(parseRecipe(recipeOf(model, rest), 'r.yaml', judgeRecipe)).toMatchObject({ ok: true, doubts: [] })
})
