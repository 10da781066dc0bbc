import { expect, test } from 'vitest'
import { planImage } from '../../../images/plan/plan.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from '../../images/engines/fixtures.ts'
import { gguf, ggufMetadata } from '../memory-files.ts'
import { type Files, llama, llamaGguf, lockFiles, safetensors, whole } from './contents-folder.ts'

/** The plan of files that were just locked. */
async function planOf(engine: EngineId, files: Files, change: (recipe: Recipe) => void = () => undefined) {
  const found = await lockFiles(engine, files)
  const recipe = recipeFor(engine, (draft) => {
    delete draft.serving.quantization
    change(draft)
  })
  const { gguf: _, ...lock } = lockFor(recipe)
  return planImage(recipe, { ...lock, ...found })
}

const withConfig = (more: object): Files => ({
  ...whole,
  'config.json': JSON.stringify({ ...llama, ...more }),
})
const ultravox = {
  architectures: ['UltravoxModel'],
  model_type: 'ultravox',
  audio_model_id: 'openai/whisper-large-v3-turbo',
  text_model_id: null,
}

test.each<[string, object, string]>([
  ['an encoder of another repository', ultravox, 'openai/whisper-large-v3-turbo'],
  [
    'the model that a speculator drafts for',
    { speculators_config: { verifier: { name_or_path: 'Qwen/Qwen3-8B' } } },
    'Qwen/Qwen3-8B',
  ],
  ['the tower of an early LLaVA', { mm_vision_tower: 'openai/clip-vit-large-patch14' }, 'openai/clip-vit'],
])(
  'weights that a configuration names elsewhere are refused for an image without a network: %s',
  async (_, more, name) => {
    await expect(planOf('vllm', withConfig(more))).rejects.toThrow(`names weights of ${name}`)
    const cached = (recipe: Recipe) => {
      recipe.weights.delivery = 'hf-cache'
      recipe.weights.source = { type: 'huggingface', repo: 'acme/x', revision: 'main' }
    }
    await expect(planOf('vllm', withConfig(more), cached)).rejects.not.toThrow('names weights of')
  },
)

test('a place in the image, or in the folder, is no other repository', async () => {
  const { doubts } = await planOf('vllm', withConfig({ mm_vision_tower: '/models/m/tower' }))
  expect(doubts).toBeUndefined()
})

const packed = {
  'config.json': JSON.stringify(llama),
  'tokenizer.json': '{}',
  'quantize_config.json': '{"bits": 4}',
  'model.safetensors': safetensors('model.layers.0.q.qweight'),
}

test.each<EngineId>(['vllm', 'sglang', 'tgi'])(
  '%s is not told of a packing beside the configuration',
  async (id) => {
    await expect(planOf(id, packed)).rejects.toThrow('quantize_config.json says how the weights are packed')
    const named = await planOf(id, packed, ({ serving }) => Object.assign(serving, { quantization: 'gptq' }))
    expect(named.config.Entrypoint).toContain('gptq')
    const told = {
      ...packed,
      'config.json': JSON.stringify({ ...llama, quantization_config: { quant_method: 'gptq' } }),
    }
    await expect(planOf(id, told)).resolves.toBeDefined()
    await expect(
      planOf(id, { ...packed, 'model.safetensors': safetensors('model.q.weight') }),
    ).resolves.toBeDefined()
  },
)

test.each(['InternVLChatModel', 'GPT2LMHeadModel', 'ChatGLMModel', 'Qwen2_5OmniModel', 'MiDashengLMModel'])(
  '%s generates, whatever its name ends with',
  async (architecture) => {
    const plan = await planOf('vllm', withConfig({ architectures: [architecture] }))
    expect(plan.config.Entrypoint).not.toContain('--runner')
    const body = await planOf('vllm', withConfig({ architectures: ['BertModel'] }))
    expect(body.config.Entrypoint).toContain('--runner')
  },
)

test.each(['LlamaForCausalLMEagle3', 'Eagle3LlamaForCausalLM', 'MedusaModel', 'DeepSeekMTPModel'])(
  '%s alone answers nobody',
  async (architecture) => {
    await expect(planOf('vllm', withConfig({ architectures: [architecture] }))).rejects.toThrow(
      'drafts tokens',
    )
  },
)

test('NVIDIA’s Eagle is a model, and a drafter in GGUF is none', async () => {
  await expect(
    planOf('vllm', withConfig({ architectures: ['Eagle2_5_VLForConditionalGeneration'] })),
  ).resolves.toBeDefined()
  const drafter = gguf({ ...ggufMetadata, 'general.architecture': 'eagle3' }, { 'token_embd.weight': 4 })
  await expect(planOf('llama-cpp', { 'm.gguf': drafter })).rejects.toThrow('drafts tokens')
})

test.each<[EngineId, string, string]>([
  ['llama-cpp', 'chat_template.jinja', 'model.chatTemplate'],
  ['llama-cpp', 'Modelfile', 'ollama create'],
  ['ollama', 'template', 'serving.ollamaTemplate'],
  ['ollama', 'system', 'is not read'],
])('%s does not read %s beside a GGUF, and the plan says so', async (id, name, words) => {
  const { doubts = [] } = await planOf(id, { 'm.gguf': llamaGguf, [name]: '{{ .Prompt }}' })
  expect(doubts.filter((doubt) => doubt.startsWith(`${name} lies beside`))).toEqual([
    expect.stringContaining(words),
  ])
  const without = await planOf(id, { 'm.gguf': llamaGguf, 'config.json': '{}' })
  expect(without.doubts ?? []).not.toContainEqual(expect.stringContaining('lies beside'))
})
