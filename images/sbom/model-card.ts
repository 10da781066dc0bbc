import type { Lock } from '../../recipes/lock.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { ModelTask } from '../../recipes/tasks.ts'
import { factsOf } from '../engines/deployment.ts'
import { tasksOf } from '../engines/tasks.ts'

/** What a list of contents says of a model besides its files; facts of the lock, and nothing that nobody read. */
export interface SbomModelCard {
  /** Tasks as the Hub names its pipelines. */
  tasks: string[]
  inputs: string[]
  outputs: string[]
  /** Such as `llama`; absent where the lock has no facts of the model, as all below. */
  family?: string
  /** Such as `LlamaForCausalLM`. */
  architecture?: string
  /** Further facts by name, sorted. */
  facts: Record<string, string>
}

interface Pipeline {
  task: string
  input: string
  output: string
}

const text = { input: 'text', output: 'text' }

/** Names of https://huggingface.co/tasks; a chat and what it does besides is one of them. */
const pipelines: Record<ModelTask, Pipeline> = {
  chat: { task: 'text-generation', ...text },
  completion: { task: 'text-generation', ...text },
  tools: { task: 'text-generation', ...text },
  structured: { task: 'text-generation', ...text },
  embedding: { task: 'feature-extraction', input: 'text', output: 'vector' },
  rerank: { task: 'text-ranking', input: 'text', output: 'score' },
  transcription: { task: 'automatic-speech-recognition', input: 'audio', output: 'text' },
  vision: { task: 'image-text-to-text', input: 'image', output: 'text' },
}

/** The card of a recipe's model, for the tasks that it is served for. */
export function modelCardOf(recipe: Recipe, lock: Lock): SbomModelCard {
  const facts = lock.model ?? null
  const served = tasksOf(recipe, factsOf(lock)).tasks.map((task) => pipelines[task])
  return {
    tasks: distinct(served.map(({ task }) => task)),
    inputs: distinct(served.map(({ input }) => input)),
    outputs: distinct(served.map(({ output }) => output)),
    ...(facts !== null && { family: facts.modelType, architecture: facts.architecture }),
    facts: facts === null ? {} : sizesOf(facts),
  }
}

function sizesOf({ dtype, layerCount, maxPositions, parameters, quantization, weights }: ModelFacts) {
  const said: Record<string, string | number | null | undefined> = {
    'context-length': maxPositions,
    dtype,
    layers: layerCount,
    parameters: parameters === null ? null : totalOf(parameters),
    quantization: quantization?.method,
    'quantization-bits': quantization?.bitsPerWeight,
    'weights-bytes': weights?.totalBytes,
  }
  return Object.fromEntries(
    Object.entries(said).flatMap(([name, value]) => (value == null ? [] : [[name, String(value)]])),
  )
}

function totalOf(counts: Partial<Record<string, number>>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0)
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)]
}
