import { notServed, type PartTable } from '../parts.ts'

/** Its settings for them stand in a YAML file and change with every version; none was booted. */
const unproven = 'ingot cannot prove it at work here: TensorRT-LLM reads it from a YAML file'
const byHand = 'take vllm or sglang, or mount such a file and name it with --extra_llm_api_options'

export const parts: PartTable = {
  adapter: notServed(unproven, byHand),
  drafter: notServed(unproven, byHand),
  projector: notServed('a model that sees brings its projector in its own files', 'leave it out'),
  model: notServed(
    'one process serves one model',
    'make an image of each model, or take llama-cpp or ollama',
  ),
}
