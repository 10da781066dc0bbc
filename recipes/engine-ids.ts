/** Every inference server that a recipe can name; each has a folder of this name in `images/engines/`. */
export const engineIds = [
  'vllm',
  'tgi',
  'ollama',
  'sglang',
  'tensorrt-llm',
  'llama-cpp',
  'whisper-cpp',
] as const
export type EngineId = (typeof engineIds)[number]
