import { expect, test } from 'vitest'
import { judgeRecipe } from '../../images/plan/judge-recipe.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { escaped, marked } from './marked.ts'

interface Asked {
  engine?: string
  model?: string
  rest?: string
}

function recipeOf({ engine = '{ id: vllm }', model = '', rest = 'target: { gpu: h100 }' }: Asked): string {
  return `name: r
model: { name: base${model} }
weights: { source: { type: huggingface, repo: acme/base } }
engine: ${engine}
${rest}
`
}

/** `|` stands before the text that the problem points at. */
const wrong: [what: string, text: string, message: string][] = [
  [
    'a task of another engine',
    recipeOf({ model: ', task: |transcription' }),
    'the model is for transcription, and vLLM serves',
  ],
  [
    'tasks that no server has together',
    recipeOf({ engine: '{ id: llama-cpp }', model: ', task: |[chat, rerank]', rest: '' }),
    'llama.cpp does not serve chat and rerank from one server',
  ],
  [
    'a parser of calls for a model that does not chat',
    recipeOf({ model: ', task: completion, toolCallParser: |hermes' }),
    'the model is served for completion and answers no chat',
  ],
  [
    'a parser of reasoning for a model that makes vectors',
    recipeOf({ model: ', task: embedding, reasoningParser: |qwen3' }),
    'the model is served for embedding and answers no chat',
  ],
  [
    'a GPU of another maker',
    recipeOf({ rest: 'target: { gpu: |mi300x }' }),
    'mi300x is an AMD GPU and this runtime is built for CUDA',
  ],
  [
    'a card of AMD that Debian’s libraries have no code for',
    recipeOf({ engine: '{ id: llama-cpp, device: rocm }', rest: 'target: { gpu: |mi300x }' }),
    'mi300x is gfx942, and this build for ROCm 6.4 has code for gfx803, gfx900, gfx906, gfx908, gfx90a, gfx1010',
  ],
  [
    'a card of NVIDIA with rocm',
    recipeOf({ engine: '{ id: llama-cpp, device: rocm }', rest: 'target: { gpu: |h100 }' }),
    'h100 is no GPU of AMD',
  ],
  [
    'a device that the engine’s own project alone builds for',
    recipeOf({ engine: '|{ id: vllm, device: rocm }', rest: 'target: { gpu: mi300x }' }),
    'vLLM has no runtime for rocm',
  ],
  [
    'a GPU too old',
    recipeOf({ rest: 'target: { gpu: |v100-16gb }' }),
    'v100-16gb has compute capability 7.0; this build needs 7.5',
  ],
  [
    'a driver too old',
    recipeOf({ rest: 'target: { gpu: h100, driver: |"470.57" }' }),
    'driver 470.57 is older than 580',
  ],
  [
    'more ranks than GPUs',
    recipeOf({ rest: 'target: { gpu: h100 }\nserving: { tensorParallel: |2 }' }),
    'the model is split over 2 GPUs and target.count is 1',
  ],
  [
    'ranks on a processor',
    recipeOf({ engine: '{ id: llama-cpp }', rest: 'serving: { tensorParallel: |2 }' }),
    '2 GPUs for an image that computes on the CPU',
  ],
  [
    'shared memory that NCCL dies of',
    recipeOf({
      rest: 'target: { gpu: h100, count: 2 }\nserving: { tensorParallel: 2, sharedMemory: |64MiB }',
    }),
    '67.1 MB for 2 GPUs',
  ],
  [
    'a key for an engine that has none',
    recipeOf({ engine: '{ id: ollama }', rest: 'serving: { apiKey: |true }' }),
    'Ollama takes no key from its environment',
  ],
  [
    'certificates of a base that has none',
    recipeOf({ engine: '{ id: llama-cpp }', rest: 'image: { trust: |keep }' }),
    'keep, and debian:forky-slim has no certificates',
  ],
  [
    'a device that no runtime has',
    recipeOf({ engine: '|{ id: sglang }', rest: '' }),
    'SGLang has no runtime for cpu',
  ],
]

test.each(wrong)('%s is a problem before anything is locked', (_what, text, message) => {
  const { text: source, line, column } = marked(text)
  const parsed = parseRecipe(source, 'r.yaml', judgeRecipe)
  expect(parsed).toMatchObject({
    ok: false,
    problems: [{ line, column, message: expect.stringMatching(new RegExp(escaped(message))) }],
  })
})

const right: [what: string, asked: Asked][] = [
  ['a GPU that nobody knows', { rest: 'target: { gpu: zx9000 }' }],
  [
    'an AMD card with vulkan',
    { engine: '{ id: llama-cpp, device: vulkan }', rest: 'target: { gpu: mi300x }' },
  ],
  [
    'an AMD card with rocm',
    { engine: '{ id: llama-cpp, device: rocm }', rest: 'target: { gpu: rx-7900-xtx }' },
  ],
  ['a task with the chat that it is asked by', { model: ', task: tools' }],
  [
    'an official image with its own certificates',
    { engine: '{ id: vllm, runtime: upstream }', rest: 'target: { gpu: h100 }\nimage: { trust: keep }' },
  ],
]

test.each(right)('%s is none', (_what, asked) => {
  expect(parseRecipe(recipeOf(asked), 'r.yaml', judgeRecipe)).toMatchObject({ ok: true })
})
