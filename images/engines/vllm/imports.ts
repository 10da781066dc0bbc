import type { PythonImports } from '../engine-facts.ts'
import { imagePython } from '../python-environment.ts'

export const imports: PythonImports = {
  modules: [
    'vllm',
    'vllm.entrypoints.openai.api_server',
    'vllm.entrypoints.cli.main',
    'vllm.v1.engine.async_llm',
    'vllm.model_executor.models.llama',
    'vllm.model_executor.layers.quantization.gptq',
    'vllm.lora.request',
  ],
  imagePython,
}
