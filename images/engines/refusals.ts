import { isGgufModel } from '../../recipes/model-facts/gguf-files.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import type { Deployment, Refusal } from './engine.ts'

/** GGUF models among files: single files and first shards, without projectors for images. */
export function ggufModels(files: readonly WeightFile[]): WeightFile[] {
  return files.filter(({ path }) => isGgufModel(path))
}

/** Refuses weights in a form the engine does not load, and folders that lack what loading needs. */
export function formatRefusals({ files, recipe, engine }: Deployment): Refusal[] {
  const { title, formats, weights } = engine
  return [
    ...(formats.includes('gguf') ? ggufRefusals(files, title) : safetensorsRefusals(files, title)),
    ...(weights.type === 'store' || recipe.serving.ollamaTemplate === undefined
      ? []
      : [
          {
            path: 'serving.ollamaTemplate',
            found: `${title} runs the chat template that the model brings, which is written in Jinja`,
            hint: 'leave serving.ollamaTemplate out',
          },
        ]),
  ]
}

function ggufRefusals(files: readonly WeightFile[], title: string): Refusal[] {
  const models = ggufModels(files)
  if (models.length === 1) return []
  return [
    {
      path: 'weights.source',
      found:
        models.length === 0
          ? `no .gguf file among ${listed(files)}`
          : `${models.length} GGUF models: ${listed(models)}`,
      hint:
        models.length === 0
          ? `${title} loads GGUF only; name a repository or file in that format`
          : 'choose one with `include`, such as ["*Q4_K_M*.gguf"]',
    },
  ]
}

const tokenizers = /(^|\/)(tokenizer\.json|tokenizer\.model|tekken\.json|vocab\.json|spiece\.model)$/

function safetensorsRefusals(files: readonly WeightFile[], title: string): Refusal[] {
  const has = (pattern: RegExp) => files.some(({ path }) => pattern.test(path))
  const missing = [
    ...(has(/\.safetensors$/) ? [] : ['a .safetensors file']),
    ...(has(/^config\.json$/) ? [] : ['config.json']),
    ...(has(tokenizers) ? [] : ['a tokenizer']),
  ]
  if (missing.length === 0) return []
  return [
    {
      path: 'weights.source',
      found: `without ${missing.join(', ')}: ${listed(files)}`,
      hint: has(/\.gguf$/)
        ? `${title} does not load GGUF here; use llama-cpp or ollama, or the model's safetensors repository`
        : `${title} loads a folder of transformers: config.json, tokenizer and .safetensors files`,
    },
  ]
}

/** A GGUF's quantisation is fixed: the recipe can only say what it expects. */
export function quantizationRefusals({ recipe, gguf }: Deployment): Refusal[] {
  const asked = recipe.serving.quantization
  const found = gguf?.fileType ?? undefined
  if (asked === undefined || found === undefined || asked.toLowerCase() === found.toLowerCase()) return []
  return [
    {
      path: 'serving.quantization',
      found: `the file is ${found}, the recipe says ${asked}`,
      hint: 'choose the file with `include`, or correct serving.quantization',
    },
  ]
}

function listed(files: readonly WeightFile[]): string {
  const names = files.map(({ path }) => path)
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ')
}
